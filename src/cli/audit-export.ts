import { auditEventsOf } from '../balp/index.ts';
import type { PlacedRecord } from '../trail/index.ts';
import { put, recordsWithin, tellOfReading, type RangeOptions } from './audit-reading.ts';
import type { Office } from './office.ts';

export const EXPORT_FORMATS = ['ndjson', 'fhir-ndjson', 'bundle'] as const;

export interface ExportOptions extends RangeOptions {
  readonly format: (typeof EXPORT_FORMATS)[number];
}

export async function exportRecords(options: ExportOptions, office: Office): Promise<void> {
  const records = await recordsWithin(options, office);
  const text = inFormat(options, records, office);
  await tellOfReading('export', options, office);
  await put(text, options, `${records.length} record(s)`);
}

function inFormat({ format }: ExportOptions, records: readonly PlacedRecord[], { config }: Office): string {
  const asLines = (values: readonly object[]): string =>
    values.map((value) => `${JSON.stringify(value)}\n`).join('');
  if (format === 'ndjson') return asLines(records.map(({ record }) => record));
  const events = records.flatMap((placed) => auditEventsOf(placed, config));
  if (format === 'fhir-ndjson') return asLines(events);
  const entry = events.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource }));
  return asLines([{ resourceType: 'Bundle', type: 'collection', entry }]);
}

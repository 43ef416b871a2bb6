import type { AuditRecord } from '../audit/index.ts';
import type { Config } from '../config/index.ts';
import { put, recordsWithin, tellOfReading, warnIfChanged, type RangeOptions } from './audit-reading.ts';
import { UserError } from './explain.ts';
import type { Office } from './office.ts';
import { table } from './table.ts';

export const REPORT_FORMATS = ['table', 'csv', 'json'] as const;

export interface ReportOptions extends RangeOptions {
  readonly patient: string;
  readonly format: (typeof REPORT_FORMATS)[number];
  /** The id of a FHIR server: another one may give the same id to somebody else. */
  readonly fhirServer?: string;
}

/** What opens records to an app, shows them, or ends that. */
const DISCLOSING: ReadonlySet<string> = new Set<AuditRecord['type']>([
  ...(['consent', 'consent.narrowed', 'launch.used', 'break-glass', 'break-glass.ended'] as const),
  ...(['token.issued', 'token.withdrawn', 'fhir.access', 'token.revoked'] as const),
]);

type Said = AuditRecord & Readonly<Record<string, string | undefined>>;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;
const COLUMNS = [
  ...(['when', 'what', 'outcome', 'how', 'client', 'name', 'account', 'person'] as const),
  ...(['fhirServer', 'reference', 'scope'] as const),
] as const;

/** Lists what apps could see of a patient (45 CFR 164.528), and who could besides, since they may see everybody. */
export async function report(options: ReportOptions, office: Office): Promise<void> {
  const { fhirServers } = office.config;
  const url = urlOf(options.fhirServer, fhirServers);
  const isHere = (one: Said): boolean => url === undefined || one['fhirServer'] === url;
  const isAbout = (one: Said): boolean => DISCLOSING.has(one.type) && one['patient'] === options.patient;
  const isMeant = (one: Said): boolean => isHere(one) && (isAbout(one) || isForEverybody(one));
  const placed = await recordsWithin(options, office, ({ record }) => isMeant(record as Said));
  const records = placed.map(({ record }) => record as Said);
  const about = records.filter(isAbout);
  const rows = await rowsOf(about, office);
  await tellOfReading('report', options, office);
  await put(inFormat(rows, options), options, `${rows.length} event(s)`);
  if (options.format === 'table') tellOfEverybody(records.filter(isForEverybody));
  await warnIfChanged(office);
}

function urlOf(id: string | undefined, servers: Config['fhirServers']): string | undefined {
  if (id === undefined) return undefined;
  const found = servers.find((one) => one.id === id);
  if (!found)
    throw new UserError(
      `no FHIR server is called ${id}; there is ${servers.map((one) => one.id).join(', ')}`,
    );
  return found.url;
}

async function rowsOf(records: readonly Said[], office: Office): Promise<Row[]> {
  const known = new Map<string, Promise<string>>();
  const named = (
    id: string | undefined,
    find: (id: string) => Promise<string | undefined>,
  ): Promise<string> => {
    if (id === undefined) return Promise.resolve('-');
    if (!known.has(id))
      known.set(
        id,
        find(id).then(
          (name) => name ?? '-',
          () => '-',
        ),
      );
    return known.get(id) ?? Promise.resolve('-');
  };
  const clientName = async (id: string) => (await office.clients.find(id))?.registration.client_name;
  const personName = async (id: string) => (await office.accounts.find(id))?.name;
  return Promise.all(
    records.map(async (one) => ({
      ...{ when: one.recorded.slice(0, 19), what: one.type, outcome: one.outcome, how: howOf(one) },
      ...{ client: one['clientId'] ?? '-', name: await named(one['clientId'], clientName) },
      ...{ account: one['accountId'] ?? '-', person: await named(one['accountId'], personName) },
      fhirServer:
        office.config.fhirServers.find(({ url }) => url === one['fhirServer'])?.id ??
        one['fhirServer'] ??
        '-',
      ...{ reference: one['consent'] ?? one.reference ?? '-', scope: one['scope'] ?? '-' },
    })),
  );
}

/** In which way, by which right, what for, how often. */
function howOf(one: Said): string {
  const {
    grantType,
    interaction,
    resourceType,
    basis,
    actsAs,
    legalBasis,
    why,
    count,
    reason,
    what,
    dropped,
  } = one;
  const parts = [
    ...[grantType, interaction, resourceType, basis, what],
    actsAs && `as ${actsAs}${legalBasis === undefined ? '' : ` (${legalBasis})`}`,
    why && `because: ${why}`,
    count && `${count} times`,
    reason,
    dropped && `without: ${dropped}`,
  ];
  return parts.filter(Boolean).join(', ') || '-';
}

function inFormat(rows: readonly Row[], { format }: ReportOptions): string {
  if (format === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  const cells = rows.map((row) => COLUMNS.map((column) => row[column]));
  const headings = COLUMNS.map((column) => (column === 'when' ? 'WHEN (UTC)' : column.toUpperCase()));
  return format === 'csv' ? [headings, ...cells].map(inCsv).join('') : table(headings, cells);
}

/** RFC 4180; what begins like a formula is none for a spreadsheet. */
function inCsv(cells: readonly string[]): string {
  const quoted = cells.map(
    (cell) => `"${(/^[=+@\t\r-]./.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`,
  );
  return `${quoted.join(',')}\r\n`;
}

/** A token of no patient in particular: nobody can say from here whose records were read with it. */
function isForEverybody({ type, patient, scope = '' }: Said): boolean {
  return type === 'token.issued' && patient === undefined && /(^| )(user|system)\//.test(scope);
}

function tellOfEverybody(records: readonly Said[]): void {
  const tokens = new Map<string, number>();
  for (const { clientId = '-' } of records) tokens.set(clientId, (tokens.get(clientId) ?? 0) + 1);
  if (tokens.size === 0) return;
  const each = [...tokens].map(([client, many]) => `${client} (${many})`).join(', ');
  process.stderr.write(
    `these were given tokens for more than one patient in that time, and may have read this one as well: ${each}\n`,
  );
}

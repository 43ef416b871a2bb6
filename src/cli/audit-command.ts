import { Command, Option } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { z } from 'zod';

import { createTrailFiles, readKeysFile, type TrailFiles } from '../archive/index.ts';
import type { AuditRecord } from '../audit/index.ts';
import { auditEventsOf } from '../balp/index.ts';
import {
  placedIn,
  verifyTrails,
  type ChainReport,
  type Fault,
  type Head,
  type PlacedRecord,
} from '../trail/index.ts';
import { addDelivery } from './audit-delivery.ts';
import { UserError } from './explain.ts';
import { dataDirOf, inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

interface VerifyOptions extends OfficeOptions {
  readonly keys?: string;
  readonly anchor?: string;
}

const FORMATS = ['ndjson', 'fhir-ndjson', 'bundle'] as const;
type Format = (typeof FORMATS)[number];

interface RangeOptions extends OfficeOptions {
  readonly format?: Format;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

export function auditCommand(): Command {
  const audit = new Command('audit').description(
    'the audit log: what was done, chained, signed and kept for good',
  );
  withStoreOptions(audit.command('verify'))
    .description('look for what was edited, cut out, put in or swapped; needs no store')
    .option('--anchor <file>', 'heads that `gatehouse audit heads` printed before, kept elsewhere')
    .option('--keys <file>', 'a JWKS, or a keys.jsonl; else the keys beside the log')
    .action(verify);
  withStoreOptions(audit.command('heads'))
    .description('print the last line of each chain, to be kept elsewhere; needs no store')
    .action(heads);
  withRange(audit.command('export'))
    .description('write records, to standard output or a file; this is itself recorded')
    .addOption(
      new Option(
        '--format <format>',
        'as they are, a line each, or as FHIR AuditEvents, a line each or a Bundle',
      )
        .choices(FORMATS)
        .default('ndjson'),
    )
    .action((options: RangeOptions) => inOffice(options, (office) => exportRecords(options, office)));
  withRange(audit.command('report'))
    .description('list what apps could see of a patient (accounting of disclosures); this is itself recorded')
    .requiredOption('--patient <id>')
    .action((options: RangeOptions & { patient: string }) =>
      inOffice(options, (office) => report(options, office)),
    );
  addDelivery(audit);
  return audit;
}

function withRange(command: Command): Command {
  return withStoreOptions(command)
    .option('--from <date>', 'from this day or moment on (UTC)')
    .option('--to <date>', 'to the end of this day, or before this moment (UTC)')
    .option('--out <file>', 'a file that is not there yet');
}

function filesOf(options: OfficeOptions): TrailFiles {
  return createTrailFiles(dataDirOf(options));
}

async function heads(options: OfficeOptions): Promise<void> {
  const reports = await verifyTrails(await filesOf(options).read(), []);
  for (const { head } of reports) if (head) process.stdout.write(`${JSON.stringify(head)}\n`);
}

const FAULTS: Readonly<Record<Fault['kind'], string>> = {
  edited: 'was edited',
  deleted: 'is missing',
  inserted: 'was put in',
  reordered: 'is in another place than it was',
  truncated: 'and what follows was cut off',
  missing: 'and all that follows is gone',
  'bad-signature': 'is a checkpoint that was forged',
  'unknown-key': 'is a checkpoint whose key is not among those given',
};

/** Exit code 1: somebody changed something. 2: it cannot be read. */
async function verify(options: VerifyOptions): Promise<void> {
  const files = filesOf(options);
  const [chains, keys, anchors] = await Promise.all([
    files.read(),
    options.keys === undefined ? files.keys() : readKeysFile(options.keys),
    options.anchor === undefined ? [] : readAnchors(options.anchor),
  ]).catch((error: unknown) => {
    process.exitCode = 2;
    throw error;
  });
  if (chains.size === 0 && anchors.length === 0)
    throw new UserError(`there is no audit log in ${files.folder}`);
  const reports = await verifyTrails(chains, keys, anchors);
  for (const one of reports) process.stdout.write(`${inWords(one)}\n`);
  const bad = reports.filter(({ fault }) => fault !== undefined).length;
  if (bad > 0) throw new UserError(`${bad} of ${reports.length} chain(s) were changed`);
  const records = reports.reduce((sum, one) => sum + one.records, 0);
  process.stdout.write(`all ${records} record(s) of ${reports.length} chain(s) are as they were written\n`);
}

function inWords({ chain, records, checkpoints, unsigned, closed, torn, fault }: ChainReport): string {
  if (fault) return `${chain}: NOT VALID, line ${fault.seq + 1} ${FAULTS[fault.kind]}`;
  const notes = [
    ...(unsigned > 0 ? [`${unsigned} line(s) not signed yet`] : []),
    ...(closed ? [] : ['not ended: it goes on, or its process was killed']),
    ...(torn ? ['the last line is not whole'] : []),
  ];
  return [`${chain}: valid, ${records} record(s), ${checkpoints} checkpoint(s)`, ...notes].join('; ');
}

const head = z.object({ chain: z.string(), seq: z.number().int().min(0), hash: z.string() });

async function readAnchors(file: string): Promise<readonly Head[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line, at) => {
    try {
      return head.parse(JSON.parse(line));
    } catch {
      throw new UserError(`${file}:${at + 1}: is no head; write them with: gatehouse audit heads`);
    }
  });
}

async function exportRecords(options: RangeOptions, office: Office): Promise<void> {
  const records = await recordsWithin(options, office);
  const text = inFormat(options.format ?? 'ndjson', records, office);
  await tellOfReading('export', options, office);
  await put(text, options, `${records.length} record(s)`);
}

function inFormat(format: Format, records: readonly PlacedRecord[], { config }: Office): string {
  const asLines = (values: readonly object[]): string =>
    values.map((value) => `${JSON.stringify(value)}\n`).join('');
  if (format === 'ndjson') return asLines(records.map(({ record }) => record));
  const events = records.flatMap((placed) => auditEventsOf(placed, config));
  if (format === 'fhir-ndjson') return asLines(events);
  const entry = events.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource }));
  return asLines([{ resourceType: 'Bundle', type: 'collection', entry }]);
}

const DISCLOSING: ReadonlySet<AuditRecord['type']> = new Set([
  ...([
    'consent',
    'consent.narrowed',
    'launch.used',
    'token.issued',
    'token.withdrawn',
    'fhir.access',
    'token.revoked',
  ] as const),
]);

async function report(options: RangeOptions & { readonly patient: string }, office: Office): Promise<void> {
  const all = (await recordsWithin(options, office)).map(({ record }) => record);
  const about = all.filter(
    (one) => DISCLOSING.has(one.type) && 'patient' in one && one.patient === options.patient,
  );
  const rows = about.map((one) => {
    const said = one as AuditRecord & Readonly<Record<string, string | undefined>>;
    const { recorded, type, outcome, clientId = '-', accountId = '-', scope = '', reference = '-' } = said;
    return [recorded.slice(0, 19), type, outcome, clientId, accountId, reference, scope];
  });
  const headings = ['WHEN (UTC)', 'WHAT', 'OUTCOME', 'CLIENT', 'ACCOUNT', 'REFERENCE', 'SCOPE'];
  await tellOfReading('report', options, office);
  await put(table(headings, rows), options, `${rows.length} event(s)`);
}

async function put(text: string, { out }: RangeOptions, what: string): Promise<void> {
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  await writeFile(out, text, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${what} are in ${out}\n`);
}

/** Of all chains together, in the order in which it happened. */
async function recordsWithin(options: RangeOptions, { trailFiles }: Office): Promise<PlacedRecord[]> {
  const [from, to] = [momentOf('--from', options.from, 0), momentOf('--to', options.to, DAY_MS)];
  const chains = [...(await trailFiles.read()).values()];
  return chains
    .flatMap((lines) => lines.flatMap((line) => placedIn(line) ?? []))
    .filter(({ record }) => {
      const at = Date.parse(record.recorded);
      return at >= (from ?? -Infinity) && at < (to ?? Infinity);
    })
    .toSorted(({ record: one }, { record: other }) => (one.recorded < other.recorded ? -1 : 1));
}

const DAY_MS = 24 * 3600 * 1000;

/** @param dayMs added to a day alone, so that it is meant to its end */
function momentOf(option: string, text: string | undefined, dayMs: number): number | undefined {
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const moment = isDay || /^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(moment))
    throw new UserError(
      `${option}: write it as 2026-11-26 or 2026-11-26T10:00:00Z, not ${JSON.stringify(text)}`,
    );
  return isDay ? moment + dayMs : moment;
}

async function tellOfReading(
  what: 'export' | 'report',
  { from, to, patient }: RangeOptions & { readonly patient?: string },
  { audit }: Office,
): Promise<void> {
  await audit.record({
    ...{ type: 'audit.read', outcome: 'success', what, operator: userInfo().username },
    ...(patient === undefined ? {} : { patient }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
}

import { readFile } from 'node:fs/promises';
import { z } from 'zod';

import { createTrailFiles, readKeysFile, type TrailFiles } from '../archive/index.ts';
import { LINE_PATH } from '../balp/index.ts';
import { verifyTrails, type ChainReport, type Fault, type Head } from '../trail/index.ts';
import { UserError } from './explain.ts';
import { momentOf } from './moment.ts';
import { dataDirOf, type OfficeOptions } from './office.ts';

export interface VerifyOptions extends OfficeOptions {
  readonly keys?: string;
  readonly anchor?: string;
  readonly from?: string;
}

function filesOf(options: OfficeOptions): TrailFiles {
  return createTrailFiles(dataDirOf(options));
}

export async function heads(options: OfficeOptions): Promise<void> {
  const reports = await verifyTrails(filesOf(options).source(), async () => []);
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
  unsigned:
    'and what follows is not signed, and should be: checkpoints were taken away, or there was no key for minutes',
};

/** Exit code 1: somebody changed something. 2: it cannot be read. */
export async function verify(options: VerifyOptions): Promise<void> {
  const files = filesOf(options);
  const from = momentOf('--from', options.from);
  try {
    const given = options.keys === undefined ? undefined : await readKeysFile(options.keys);
    const anchors = options.anchor === undefined ? [] : await readAnchors(options.anchor);
    const keysNow = async (): ReturnType<TrailFiles['keys']> => given ?? files.keys();
    const reports = await verifyTrails(files.source(from), keysNow, anchors);
    if (reports.length === 0) throw new UserError(`there is no audit log in ${files.folder}`);
    tell(reports, options.keys);
  } catch (error) {
    process.exitCode ??= 2;
    throw error;
  }
}

function tell(reports: readonly ChainReport[], keysFile: string | undefined): void {
  for (const one of reports) process.stdout.write(`${inWords(one)}\n`);
  const bad = reports.filter(({ fault }) => fault !== undefined).length;
  if (bad > 0) {
    process.exitCode = 1;
    throw new UserError(`${bad} of ${reports.length} chain(s) are not as they were written`);
  }
  const sum = (count: (report: ChainReport) => number): number =>
    reports.reduce((all, report) => all + count(report), 0);
  const unsigned = sum((report) => report.unsigned);
  const kids = [...new Set(reports.flatMap((report) => report.kids))];
  const whose =
    keysFile === undefined ? 'beside the log: compare them with what you keep elsewhere (--keys)' : keysFile;
  process.stdout.write(
    `${sum(({ records }) => records)} record(s) in ${reports.length} chain(s), none of them changed` +
      `${unsigned > 0 ? `; the last ${unsigned} line(s) are not signed yet, and prove nothing` : ''}\n` +
      `signed with ${kids.join(', ') || 'no key'}, from the keys ${whose}\n`,
  );
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

/** As {@link heads} prints it, or an AuditEvent as it was sent or exported: whoever keeps those keeps heads. */
const head = z.object({ chain: z.string(), seq: z.number().int().min(0), hash: z.string() });

async function readAnchors(file: string): Promise<readonly Head[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line, at) => {
    try {
      return headIn(JSON.parse(line));
    } catch {
      throw new UserError(`${file}:${at + 1}: is no head; write them with: gatehouse audit heads`);
    }
  });
}

const sent = z.object({ resourceType: z.literal('AuditEvent'), extension: z.array(z.unknown()) });
const place = z.object({
  url: z.string().endsWith(LINE_PATH),
  extension: z.tuple([
    z.object({ valueString: z.string() }),
    z.object({ valueUnsignedInt: z.number() }),
    z.object({ valueString: z.string() }),
  ]),
});

function headIn(value: unknown): Head {
  const event = sent.safeParse(value);
  if (!event.success) return head.parse(value);
  const found = event.data.extension.flatMap((one) => place.safeParse(one).data ?? []);
  const [chain, seq, hash] = z.tuple([place]).parse(found)[0].extension;
  return { chain: chain.valueString, seq: seq.valueUnsignedInt, hash: hash.valueString };
}

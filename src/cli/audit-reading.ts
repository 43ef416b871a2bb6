import { writeFile } from 'node:fs/promises';

import { placedIn, type PlacedRecord } from '../trail/index.ts';
import { momentOf } from './moment.ts';
import type { Office, OfficeOptions } from './office.ts';
import { checkedLog } from './own-log.ts';

/** Which records, and where they go. */
export interface RangeOptions extends OfficeOptions {
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

/** Of all chains together, in the order in which it happened. */
export async function recordsWithin(
  options: RangeOptions,
  { trailFiles }: Office,
  isMeant: (placed: PlacedRecord) => boolean = () => true,
): Promise<PlacedRecord[]> {
  const from = momentOf('--from', options.from) ?? -Infinity;
  const to = momentOf('--to', options.to, true) ?? Infinity;
  const found: PlacedRecord[] = [];
  for await (const [, lines] of trailFiles.source().chains())
    for (const line of lines) {
      const placed = placedIn(line);
      const at = Date.parse(placed?.record.recorded ?? '');
      if (placed && at >= from && at < to && isMeant(placed)) found.push(placed);
    }
  return found.toSorted(({ record: one }, { record: other }) => (one.recorded < other.recorded ? -1 : 1));
}

/** What is read out of a log that was changed may be wrong: it is said, and the exit code is 1. */
export async function warnIfChanged(office: Office): Promise<void> {
  const bad = (await checkedLog(office)).filter(({ fault }) => fault !== undefined);
  if (bad.length === 0) return;
  process.exitCode = 1;
  process.stderr.write(
    `the audit log is not as it was written (${bad.map(({ chain }) => chain).join(', ')}): see gatehouse audit verify\n`,
  );
}

/** To the file that was named, which must not be there yet, or to standard output. */
export async function put(text: string, { out }: RangeOptions, what: string): Promise<void> {
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  await writeFile(out, text, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${what} are in ${out}\n`);
}

/** Before anything is read out: who reads the log is in it. */
export async function tellOfReading(
  what: 'export' | 'report',
  { from, to, patient }: RangeOptions & { readonly patient?: string },
  { audit, untilRecordable }: Office,
): Promise<void> {
  await untilRecordable();
  await audit.record({
    ...{ type: 'audit.read', outcome: 'success', what },
    ...(patient === undefined ? {} : { patient }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
}

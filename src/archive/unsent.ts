import { open, stat } from 'node:fs/promises';
import path from 'node:path';

import type { Place, Waiting } from '../push/index.ts';
import { isKeptRecord, type KeptRecord } from '../records/index.ts';
import { parsed } from './lines.ts';
import { namesIn } from './whole-file.ts';

const BREAK = 0x0a;

/** The months of somebody, the oldest first; none where nothing was kept. */
async function monthsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith('.jsonl')).toSorted();
}

/** Is a file longer than what was reached in it? */
export async function hasMore(folder: string, reached: Place): Promise<boolean> {
  for (const month of await monthsIn(folder))
    if ((await stat(path.join(folder, month))).size > (reached[month] ?? 0)) return true;
  return false;
}

/**
 * What stands in the files after this place. Each month is looked at, since who was asked for its name just before midnight
 * may write to the old one after somebody has written to the new one.
 */
export async function unsentIn(folder: string, reached: Place): Promise<Required<Waiting<KeptRecord>>[]> {
  const found: Required<Waiting<KeptRecord>>[] = [];
  let place: Place = reached;
  for (const month of await monthsIn(folder)) {
    const start = place[month] ?? 0;
    const bytes = await readFrom(path.join(folder, month), start);
    for (const { line, end } of linesWithEnds(bytes)) {
      place = { ...place, [month]: start + end };
      const record = parsed(line);
      if (isKeptRecord(record)) found.push({ record, reaches: place });
    }
  }
  return found;
}

async function readFrom(file: string, start: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Whole lines alone: what has no end yet is being written, or was torn, and then the next record ends it. */
export function* linesWithEnds(bytes: Buffer): Generator<{ readonly line: string; readonly end: number }> {
  for (let start = 0; ;) {
    const at = bytes.indexOf(BREAK, start);
    if (at < 0) return;
    yield { line: bytes.toString('utf8', start, at), end: at + 1 };
    start = at + 1;
  }
}

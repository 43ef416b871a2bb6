import { open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import type { Marks, Place, Track, Waiting } from '../push/index.ts';
import { placedIn, type PlacedRecord } from '../trail/index.ts';
import { createSetAside } from './set-aside.ts';
import { chainFilesIn } from './trail-files.ts';
import { linesWithEnds } from './unsent.ts';
import { readWhole, writeWhole } from './whole-file.ts';

const FOLDER = 'delivery';
/** So many records go together, and so much of a file is read at once. */
const RECORDS = 100;
const READ_BYTES = 1024 * 1024;
/** Looked at each time; the others each so many times. */
const NEWEST = 32;
const ALL_EVERY = 30;

/** Where the lock of the one process lies that delivers. */
export const deliveryLockIn = (dataDir: string): string => path.resolve(dataDir, FOLDER, 'sender.lock');

/** Chains in which something is new, since it was looked for the last time. */
export function createChainMarks(dataDir: string): Marks {
  const sizes = new Map<string, number>();
  let looks = 0;
  return {
    async take() {
      const files = await chainFilesIn(dataDir);
      const some = looks % ALL_EVERY === 0 ? files : files.slice(-NEWEST);
      looks += 1;
      const grown: string[] = [];
      for (const file of some) {
        const { size } = await stat(file);
        if (sizes.get(file) !== size) grown.push(nameOf(file));
        sizes.set(file, size);
      }
      return grown;
    },
  };
}

const nameOf = (file: string): string => path.basename(file, '.jsonl');

interface TrackParts<Item> {
  readonly dataDir: string;
  /** The id of the receiver. */
  readonly id: string;
  readonly itemOf: (records: readonly PlacedRecord[]) => Item;
  /** Names and orders what was set aside. */
  readonly idOf: (item: Item) => string;
  readonly atOf: (item: Item) => string;
}

/**
 * How far one receiver has been sent the audit log, which is itself what waits:
 *
 *     <dataDir>/delivery/to/siem/reached/<chain>.json  bytes of that chain
 *     <dataDir>/delivery/to/siem/aside/…               see set-aside.ts
 */
export function createDeliveryTrack<Item>({
  dataDir,
  id,
  itemOf,
  idOf,
  atOf,
}: TrackParts<Item>): Track<Item> {
  const folder = path.resolve(dataDir, FOLDER, 'to', id);
  const reachedFile = (chain: string): string => path.join(folder, 'reached', `${chain}.json`);
  const reachedIn = async (chain: string): Promise<number> =>
    ((await readWhole(reachedFile(chain))) as Place | undefined)?.[chain] ?? 0;
  return {
    ...createSetAside<Item>(folder, idOf, atOf),
    async *everybody() {
      for (const file of await chainFilesIn(dataDir)) {
        const chain = nameOf(file);
        if ((await stat(file)).size > (await reachedIn(chain))) yield chain;
      }
    },
    async waitingOf(chain) {
      const file = (await chainFilesIn(dataDir)).find((one) => nameOf(one) === chain);
      if (file === undefined) return [];
      const { records, end } = await recordsAfter(file, await reachedIn(chain));
      const reaching = (at: number): Place => ({ [chain]: at });
      const batches = inBatches(records).map((some): Waiting<Item> => {
        const record = itemOf(some.map(({ placed }) => placed));
        return { record, reaches: reaching(some.at(-1)?.end ?? 0) };
      });
      // What follows the last record, a signature most often, is for nobody.
      const isReached = end === (records.at(-1)?.end ?? 0);
      return isReached ? batches : [...batches, { reaches: reaching(end) }];
    },
    reach: (chain, place) => writeWhole(reachedFile(chain), JSON.stringify(place)),
  };
}

interface Found {
  readonly placed: PlacedRecord;
  readonly end: number;
}

/** Whole lines alone: what has no end yet is being written, or was torn. Of a line that is longer more is read. */
async function recordsAfter(
  file: string,
  start: number,
): Promise<{ readonly records: readonly Found[]; readonly end: number }> {
  const handle = await open(file);
  try {
    const bytes = await someOf(handle, start);
    const records: Found[] = [];
    let reached = 0;
    for (const { line, end } of linesWithEnds(bytes)) {
      reached = start + end;
      const placed = placedIn(line);
      if (placed) records.push({ placed, end: reached });
    }
    return { records, end: reached };
  } finally {
    await handle.close();
  }
}

async function someOf(handle: FileHandle, start: number): Promise<Buffer> {
  const left = Math.max(0, (await handle.stat()).size - start);
  for (let length = Math.min(READ_BYTES, left); ; length = Math.min(left, length * 4)) {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, start);
    if (length === left || bytes.includes('\n')) return bytes.subarray(0, bytesRead);
  }
}

function inBatches(records: readonly Found[]): (readonly Found[])[] {
  const count = Math.ceil(records.length / RECORDS);
  return Array.from({ length: count }, (_, at) => records.slice(at * RECORDS, (at + 1) * RECORDS));
}

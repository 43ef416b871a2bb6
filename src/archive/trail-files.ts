import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { JWK } from 'jose';

import { headOf, othersSeenBy, type Head, type TrailFile } from '../trail/index.ts';
import { openAppender, type Appender } from './append.ts';
import { keepKey, linesOf, readKeys } from './lines.ts';
import { namesIn } from './whole-file.ts';

const FOLDER = 'audit';
const ENDING = '.jsonl';

/** The audit log below the data directory. */
export interface TrailFiles {
  readonly folder: string;
  /** The file of a chain that begins now. */
  newFile(chain: string): TrailFile;
  /** Heads of the chains there are, but for those that another chain names as they are. */
  openHeads(): Promise<readonly Head[]>;
  /** The lines of each chain, the oldest chain first. */
  read(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Keeps the public half of a key; does nothing where it is there. */
  keepKey(publicKey: JWK): Promise<void>;
  keys(): Promise<readonly JWK[]>;
}

/**
 * A file for each chain, in a folder for the year in which it begins. Names of chains begin with that moment, so that they
 * stand in order.
 *
 *     <dataDir>/audit/keys.jsonl                        public halves of all keys there have ever been, a JWK a line
 *     <dataDir>/audit/2026/20261126T101500Z-3f9c….jsonl  what one process did, a record a line
 *
 * @param now milliseconds since 1970; default: the clock of this machine
 */
export function createTrailFiles(dataDir: string, now: () => number = Date.now): TrailFiles {
  const folder = path.resolve(dataDir, FOLDER);
  const keysFile = path.join(folder, `keys${ENDING}`);
  return {
    folder,
    newFile(chain) {
      const year = String(new Date(now()).getUTCFullYear());
      const file = path.join(folder, year, chain + ENDING);
      let opened: Promise<Appender> | undefined;
      return {
        append: async (lines) => (await (opened ??= openAppender(file))).append(lines),
        close: async () => (await opened?.catch(() => undefined))?.close(),
        async discard() {
          await (await opened?.catch(() => undefined))?.close();
          await rm(file, { force: true });
        },
      };
    },
    async openHeads() {
      const heads: Head[] = [];
      const named = new Set<string>();
      // One after the other: there may be more of them than files that may be open.
      for (const file of await chainFiles(folder)) {
        const { first, last } = await endsOf(file);
        heads.push(...[headOf(last)].filter((head) => head !== undefined));
        for (const head of othersSeenBy(first)) named.add(nameOf(head));
      }
      return heads.filter((head) => !named.has(nameOf(head)));
    },
    async read() {
      const chains = new Map<string, readonly string[]>();
      for (const file of await chainFiles(folder))
        chains.set(path.basename(file, ENDING), await linesOf(file));
      return chains;
    },
    keepKey: (publicKey) => keepKey(keysFile, publicKey),
    keys: () => readKeys(keysFile),
  };
}

function nameOf({ chain, seq }: Head): string {
  return `${chain} ${seq}`;
}

/** The files of all chains, the oldest first. */
export function chainFilesIn(dataDir: string): Promise<string[]> {
  return chainFiles(path.resolve(dataDir, FOLDER));
}

async function chainFiles(folder: string): Promise<string[]> {
  const years = (await namesIn(folder)).filter((name) => /^\d{4}$/.test(name)).toSorted();
  const files: string[] = [];
  for (const year of years) {
    const names = (await namesIn(path.join(folder, year))).filter((name) => name.endsWith(ENDING));
    files.push(...names.toSorted().map((name) => path.join(folder, year, name)));
  }
  return files;
}

/** More than the longest line there is, a checkpoint. */
const END_BYTES = 64 * 1024;

/** First and last lines of a file, without all that stands between: there may be years of it. */
async function endsOf(file: string): Promise<{ readonly first: string; readonly last: readonly string[] }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, END_BYTES);
    const [head, tail] = [Buffer.alloc(length), Buffer.alloc(length)];
    await handle.read(head, 0, length, 0);
    await handle.read(tail, 0, length, size - length);
    const first = head.toString().split('\n').find(Boolean) ?? '';
    // Of the last of them the first may be cut.
    const last = tail.toString().split('\n').filter(Boolean);
    return { first, last: last.slice(-2) };
  } finally {
    await handle.close();
  }
}

import { createReadStream } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { JWK } from 'jose';

import {
  NAMED_AFTER_MS,
  headOf,
  othersSeenBy,
  type Head,
  type TrailFile,
  type TrailSource,
} from '../trail/index.ts';
import { openAppender, type Appender } from './append.ts';
import { keepKey, readKeys } from './lines.ts';
import { linesWithEnds } from './unsent.ts';
import { isMissing, namesIn } from './whole-file.ts';

const FOLDER = 'audit';
const ENDING = '.jsonl';

export interface AuditLog extends TrailSource {
  firstLines(): AsyncIterable<readonly [string, string]>;
  chains(): AsyncIterable<readonly [string, readonly string[]]>;
}

/** The audit log below the data directory. */
export interface TrailFiles {
  readonly folder: string;
  /** The file of a chain that begins now. */
  newFile(chain: string): TrailFile;
  /** Heads of the chains there are, but for those that another chain names as they are or that are empty and young. */
  openHeads(): Promise<readonly Head[]>;
  /**
   * Each chain, the oldest first, one at a time in memory.
   *
   * @param from milliseconds since 1970: leaves out what began before
   */
  source(from?: number): AuditLog;
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
  /** Nothing is in it yet, and it is taken away when that stays so. */
  const mayGo = ({ chain, seq }: Head): boolean => seq === 0 && now() - beganAt(chain) < NAMED_AFTER_MS;
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
      for (const file of (await chainFiles(folder)).slice(-MOST_LOOKED_AT)) {
        const { first, last } = (await ifThere(endsOf(file))) ?? NOTHING;
        const head = headOf(last);
        if (head && !mayGo(head)) heads.push(head);
        for (const other of othersSeenBy(first)) named.add(nameOf(other));
      }
      return heads.filter((head) => !named.has(nameOf(head)));
    },
    source(from = -Infinity) {
      const isBefore = (chain: string): boolean => beganAt(chain) < from;
      const files = async (): Promise<string[]> =>
        (await chainFiles(folder)).filter((file) => !isBefore(chainOf(file)));
      return {
        isBefore,
        async *firstLines() {
          for (const file of await files()) {
            const ends = await ifThere(endsOf(file));
            if (ends) yield [chainOf(file), ends.first] as const;
          }
        },
        async *chains() {
          for (const file of await files()) {
            const lines = await ifThere(linesIn(file));
            if (lines) yield [chainOf(file), lines] as const;
          }
        },
      };
    },
    keepKey: (publicKey) => keepKey(keysFile, publicKey),
    keys: () => readKeys(keysFile),
  };
}

const chainOf = (file: string): string => path.basename(file, ENDING);

/** `20261126T101500.123Z-…`, as chains are called; the moment in it, milliseconds since 1970. */
function beganAt(chain: string): number {
  const [, date = '', time = ''] = /^(\d{8})T(\d{6}\.\d{3})Z/.exec(chain) ?? [];
  const day = date.replace(/(....)(..)(..)/, '$1-$2-$3');
  return Date.parse(`${day}T${time.replace(/(..)(..)(.*)/, '$1:$2:$3')}Z`);
}

/** All lines but the empty ones, which stand before what was written after something torn. */
async function linesIn(file: string): Promise<string[]> {
  const lines: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let reached = 0;
    for (const { line, end } of linesWithEnds(bytes)) {
      if (line !== '') lines.push(line);
      reached = end;
    }
    rest = bytes.subarray(reached);
  }
  return rest.length > 0 ? [...lines, rest.toString()] : lines;
}

const NOTHING = { first: '', last: [] };

/** `undefined`: a chain in which nothing was written was taken away after its folder was read. */
async function ifThere<Read>(reading: Promise<Read>): Promise<Read | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
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

/**
 * A chain that begins names what began lately and is named by nobody: each chain ends within a day or so, and the one that
 * follows it in its process names it whatever else there is.
 */
const MOST_LOOKED_AT = 512;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Enough for most lines; for longer ones more is read. */
const END_BYTES = 16 * 1024;

/** First and last lines of a file, without all that stands between: there may be a day of it. */
async function endsOf(file: string): Promise<{ readonly first: string; readonly last: readonly string[] }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const head = await linesAt(
      handle,
      size,
      () => 0,
      (lines) => lines.length > 1,
    );
    const tail = await linesAt(
      handle,
      size,
      (bytes) => size - bytes,
      (lines) => lines.filter(Boolean).length > 2,
    );
    // Of the last of them the first may be cut.
    return { first: head.find(Boolean) ?? '', last: tail.filter(Boolean).slice(-2) };
  } finally {
    await handle.close();
  }
}

async function linesAt(
  handle: FileHandle,
  size: number,
  startOf: (bytes: number) => number,
  isEnough: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  for (let bytes = Math.min(size, END_BYTES); ; bytes = Math.min(size, bytes * 4)) {
    const buffer = Buffer.alloc(bytes);
    await handle.read(buffer, 0, bytes, startOf(bytes));
    const lines = buffer.toString().split('\n');
    if (bytes === size || isEnough(lines)) return lines;
  }
}

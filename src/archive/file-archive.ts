import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JWK } from 'jose';

import type { AccountId } from '../oauth/index.ts';
import { isKeptRecord, type Archived, type KeptRecord, type RecordArchive } from '../records/index.ts';
import { appendLine } from './append.ts';
import { keepKey, linesOf, parsed, readKeys } from './lines.ts';
import { namesIn } from './whole-file.ts';

export const FOLDER = 'records';
const KEYS_FILE = 'keys.jsonl';

export interface FileArchiveParts {
  readonly dataDir: string;
  /** What stands for an account in a file name; says nothing without the store's keys. */
  readonly nameOf: (accountId: AccountId) => string;
  /** Milliseconds since 1970; default: the clock of this machine. */
  readonly now?: () => number;
  /** Told the name of somebody of whom a record was kept. */
  readonly onKept?: (name: string) => void;
}

/** An archive in files, and where they lie. */
export interface FileArchive extends RecordArchive {
  /** What somebody decides this month is added here. */
  fileOf(accountId: AccountId): string;
  /** All files of somebody. */
  folderOf(accountId: AccountId): string;
}

/**
 * A folder for each person, in one named by the first two letters of its name, and in it a file for each month: what is
 * decided now is found without reading what was decided years ago.
 *
 *     <dataDir>/records/keys.jsonl                 public halves of all keys there have ever been, a JWK a line
 *     <dataDir>/records/Qx/Qx0b…/2026-11.jsonl     what one person decided in a month (UTC), a record a line
 */
export function createFileArchive({
  dataDir,
  nameOf,
  now = Date.now,
  onKept = () => undefined,
}: FileArchiveParts): FileArchive {
  const folder = path.resolve(dataDir, FOLDER);
  const keysFile = path.join(folder, KEYS_FILE);
  const folderOf = (accountId: AccountId): string => {
    const name = nameOf(accountId);
    return path.join(folder, name.slice(0, 2), name);
  };
  const fileOf = (accountId: AccountId): string =>
    path.join(folderOf(accountId), `${new Date(now()).toISOString().slice(0, 7)}.jsonl`);
  return {
    fileOf,
    folderOf,
    async append(accountId, record) {
      await appendLine(fileOf(accountId), JSON.stringify(record));
      onKept(nameOf(accountId));
    },
    async of(accountId, newest = Infinity) {
      let found: Archived = { records: [], torn: 0 };
      for await (const lines of monthsOf(folderOf(accountId))) {
        const { records, torn } = archivedIn(lines);
        found = { records: [...records, ...found.records], torn: found.torn + torn };
        if (found.records.length >= newest) break;
      }
      return found;
    },
    async latestWith(accountId, text) {
      for await (const lines of monthsOf(folderOf(accountId))) {
        const record = lines.toReversed().find((line) => line.includes(text) && isKeptRecord(parsed(line)));
        if (record !== undefined) return parsed(record) as KeptRecord;
      }
      return undefined;
    },
    keys: () => readKeys(keysFile),
    keepKey: (publicKey) => keepKey(keysFile, publicKey),
  };
}

/** The lines of each month, the newest month first. */
async function* monthsOf(folder: string): AsyncGenerator<string[]> {
  const names = await namesIn(folder);
  for (const name of names.toSorted().toReversed())
    if (name.endsWith('.jsonl')) yield linesOf(path.join(folder, name));
}

/** A JWKS that somebody kept, or the keys file of an archive. @throws Error when it is neither */
export async function readKeysFile(file: string): Promise<readonly JWK[]> {
  const whole = parsed(await readFile(file, 'utf8'));
  const { keys } = (whole ?? {}) as { keys?: unknown };
  const found = Array.isArray(keys) ? (keys as JWK[]) : await readKeys(file);
  if (found.length === 0) throw new Error(`there is no key in ${file}; it should be a JWKS`);
  return found;
}

/** A line that is no record stands for nothing, and hides none of the others. */
function archivedIn(lines: readonly string[]): Archived {
  const records = lines.map(parsed).filter(isKeptRecord);
  return { records, torn: lines.length - records.length };
}

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export const FILE_NAME = 'gatehouse.sqlite';
const BUSY_TIMEOUT_MS = 5000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS kv_expiry ON kv (expires_ms) WHERE expires_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS members (
    idx TEXT NOT NULL, member TEXT NOT NULL, expires_ms INTEGER, PRIMARY KEY (idx, member)
  ) WITHOUT ROWID;
`;

/** Opens the database at `location`, or makes it with its folder; nobody else may read it. @throws Error with the reason */
export function openFile(location: string): DatabaseSync {
  makeFolder(path.dirname(location));
  const database = new DatabaseSync(location, { timeout: BUSY_TIMEOUT_MS });
  chmodSync(location, 0o600);
  database.exec(SCHEMA);
  return database;
}

/** Level by level: where a parent refuses, the reason comes back at once, on every kind of file system. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

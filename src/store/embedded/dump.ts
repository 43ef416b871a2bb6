import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { NAME_PREFIX, type Row } from '../driver.ts';

const BATCH_ROWS = 500;
const BUSY_TIMEOUT_MS = 5000;

/** Everything in the file at one instant, over a connection of its own; others go on reading and writing. */
export async function* dumpRows(file: string): AsyncGenerator<readonly Row[]> {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('BEGIN');
    yield* inBatches(valuesIn(database));
    yield* inBatches(membersIn(database));
  } finally {
    database.close();
  }
}

function* valuesIn(database: DatabaseSync): Generator<Row> {
  const query =
    'SELECT key, value, expires_ms FROM kv WHERE key GLOB ? AND (expires_ms IS NULL OR expires_ms > ?)';
  for (const row of database.prepare(query).iterate(`${NAME_PREFIX}*`, Date.now())) {
    const { key, value, expires_ms: expiresMs } = row;
    if (!(value instanceof Uint8Array)) continue;
    yield { key: String(key), value, ...(typeof expiresMs === 'number' ? { expiresMs } : {}) };
  }
}

function* membersIn(database: DatabaseSync): Generator<Row> {
  const query =
    'SELECT idx, member, expires_ms FROM members WHERE idx GLOB ? AND (expires_ms IS NULL OR expires_ms > ?)';
  for (const row of database.prepare(query).iterate(`${NAME_PREFIX}*`, Date.now())) {
    const { idx, member, expires_ms: expiresMs } = row;
    const expiry = typeof expiresMs === 'number' ? { expiresAt: expiresMs / 1000 } : {};
    yield { index: String(idx), member: String(member), ...expiry };
  }
}

/** Between two batches others have a turn: the server goes on answering while it is dumped. */
async function* inBatches(rows: Iterable<Row>): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    if (batch.push(row) < BATCH_ROWS) continue;
    yield batch;
    batch = [];
    await nextTurn();
  }
  if (batch.length > 0) yield batch;
}

const ADD_VALUE = `
  INSERT INTO kv (key, value, expires_ms) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_ms = excluded.expires_ms WHERE kv.expires_ms <= ?`;
const ADD_MEMBER = `
  INSERT INTO members (idx, member, expires_ms) VALUES (?, ?, ?)
  ON CONFLICT (idx, member) DO UPDATE SET expires_ms = excluded.expires_ms WHERE members.expires_ms <= ?`;

/** Adds what is not there, or there no longer; the caller has begun a transaction. @returns how many were added */
export function restoreRows(prepare: (sql: string) => StatementSync, rows: readonly Row[]): number {
  const now = Date.now();
  let added = 0;
  for (const row of rows) {
    const expiresMs = expiryOf(row) ?? null;
    if (expiresMs !== null && expiresMs <= now) continue;
    const { changes } =
      'key' in row
        ? prepare(ADD_VALUE).run(row.key, row.value, expiresMs, now)
        : prepare(ADD_MEMBER).run(row.index, row.member, expiresMs, now);
    added += Number(changes);
  }
  return added;
}

function expiryOf(row: Row): number | undefined {
  if ('key' in row) return row.expiresMs;
  return row.expiresAt === undefined ? undefined : row.expiresAt * 1000;
}

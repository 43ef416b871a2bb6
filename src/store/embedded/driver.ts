import path from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Count } from '../../limits/index.ts';
import type { EpochSeconds } from '../../oauth/index.ts';
import {
  StoreUnavailable,
  type Commit,
  type CommitOutcome,
  type Expectation,
  type Put,
  type Row,
  type StoreDriver,
  type Watcher,
} from '../driver.ts';
import { dumpRows, restoreRows } from './dump.ts';
import { FILE_NAME, openFile } from './file.ts';
import { createStatements } from './statements.ts';
import { createTelling } from './telling.ts';

const SWEEP_EVERY_MS = 30_000;

const MARK = new Uint8Array([1]);

/**
 * Opens (or makes) the SQLite file in `dataDir`. Durable: an acknowledged write has reached the disk. Other
 * processes on the same machine (the command line tool) may open it at the same time.
 *
 * @throws StoreUnavailable when the folder or file cannot be written, with the path and the reason.
 */
export function openEmbeddedStore(dataDir: string): StoreDriver {
  const location = path.resolve(dataDir, FILE_NAME);
  try {
    return new EmbeddedStore(openFile(location), location);
  } catch (cause) {
    throw new StoreUnavailable(`cannot open the embedded store ${location}: ${reasonOf(cause)}`, { cause });
  }
}

class EmbeddedStore implements StoreDriver {
  readonly name = 'embedded';
  readonly connection = 0;
  readonly tags = [];
  readonly location: string;
  readonly #database: DatabaseSync;
  readonly #prepare: (sql: string) => StatementSync;
  readonly #sweeper: NodeJS.Timeout;
  readonly #telling = createTelling(() => this.#writtenElsewhere());

  constructor(database: DatabaseSync, location: string) {
    this.#database = database;
    this.#prepare = createStatements(database);
    this.location = location;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#guard(() => keys.map((key) => this.#read(key)));
  }

  lookUp(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.getMany(keys);
  }

  async put(put: Put): Promise<void> {
    this.#guard(() => this.#write(put));
  }

  async announce(put: Put): Promise<void> {
    this.#guard(() => this.#write(put));
    this.#telling.tell(put.key);
  }

  watch(watcher: Watcher): () => void {
    return this.#telling.watch(watcher);
  }

  async putIfAbsent(put: Put): Promise<boolean> {
    return this.#transaction(() => {
      if (this.#read(put.key) !== undefined) return false;
      this.#write(put);
      return true;
    });
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    return this.#guard(() => {
      const row = this.#prepare('DELETE FROM kv WHERE key = ? RETURNING value, expires_ms').get(key);
      return liveValue(row);
    });
  }

  async remove(keys: readonly string[]): Promise<void> {
    this.#guard(() => {
      for (const key of keys) this.#prepare('DELETE FROM kv WHERE key = ?').run(key);
    });
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const outcome = this.#decide(commit);
    const isTold = commit.mode === 'revoke' || commit.removes.length > 0 || commit.tells === true;
    if ((outcome === 'committed' && isTold) || outcome === 'lost') this.#telling.tell(commit.deadKey);
    return outcome;
  }

  #decide(commit: Commit): CommitOutcome {
    const dead: Put = { key: commit.deadKey, value: MARK, ttlSeconds: commit.deadTtlSeconds };
    return this.#transaction(() => {
      if (commit.mode === 'revoke') {
        this.#write(dead);
      } else {
        if (this.#read(commit.deadKey) !== undefined) return 'revoked';
        if (commit.expect?.some((one) => !this.#isThere(one))) return 'conflict';
        if (commit.consume.some(({ key }) => this.#read(key) !== undefined)) {
          this.#write(dead);
          return 'lost';
        }
      }
      for (const { key, ttlSeconds } of commit.consume) this.#write({ key, value: MARK, ttlSeconds });
      for (const put of commit.puts) this.#write(put);
      for (const key of commit.removes) this.#prepare('DELETE FROM kv WHERE key = ?').run(key);
      return 'committed';
    });
  }

  /** A commit that can be read has reached the disk. */
  async assure(): Promise<void> {
    // Nothing is left to do.
  }

  async addMember(index: string, member: string, expiresAt?: EpochSeconds): Promise<void> {
    const expires = expiresAt === undefined ? null : expiresAt * 1000;
    this.#guard(() => {
      this.#prepare('INSERT OR REPLACE INTO members (idx, member, expires_ms) VALUES (?, ?, ?)').run(
        index,
        member,
        expires,
      );
    });
  }

  async removeMember(index: string, member: string): Promise<void> {
    this.#guard(() => {
      this.#prepare('DELETE FROM members WHERE idx = ? AND member = ?').run(index, member);
    });
  }

  async members(index: string): Promise<string[]> {
    const query = 'SELECT member FROM members WHERE idx = ? AND (expires_ms IS NULL OR expires_ms > ?)';
    return this.#guard(() =>
      this.#prepare(query)
        .all(index, Date.now())
        .map((row) => String(row['member'])),
    );
  }

  async count(key: string, by: number, windowSeconds: number): Promise<Count> {
    // Nothing is promised with a counter, so no request waits for the disk for it; the next commit takes it along.
    return this.#guard(() => {
      this.#database.exec('PRAGMA synchronous = NORMAL');
      try {
        return this.#transaction(() => this.#add(key, by, windowSeconds * 1000));
      } finally {
        this.#database.exec('PRAGMA synchronous = FULL');
      }
    });
  }

  async *dump(): AsyncGenerator<readonly Row[]> {
    try {
      // A store that was closed has a file still.
      await this.ping();
      yield* dumpRows(this.location);
    } catch (cause) {
      throw cause instanceof StoreUnavailable ? cause : unavailable(cause);
    }
  }

  async restore(rows: readonly Row[]): Promise<number> {
    return this.#transaction(() => restoreRows(this.#prepare, rows));
  }

  async concerns(): Promise<readonly string[]> {
    return [];
  }

  /** What was acknowledged has reached the disk. */
  async lineage(): Promise<string> {
    return 'embedded';
  }

  sameEverywhere(): Promise<void> {
    return Promise.resolve();
  }

  async clocks(): Promise<readonly []> {
    return [];
  }

  vouch(): void {
    // There is no other clock.
  }

  async ping(): Promise<void> {
    this.#guard(() => this.#prepare('SELECT 1').get());
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#telling.stop();
    if (this.#database.isOpen) this.#database.close();
  }

  /** Changes when another process, or another driver, has written to the file. */
  #writtenElsewhere(): unknown {
    return this.#guard(() => this.#prepare('PRAGMA data_version').get()?.['data_version']);
  }

  #isThere({ key, value }: Expectation): boolean {
    const there = this.#read(key);
    return value === undefined || there === undefined ? there === value : Buffer.compare(there, value) === 0;
  }

  #add(key: string, by: number, windowMs: number): Count {
    const now = Date.now();
    const row = this.#prepare('SELECT value, expires_ms FROM kv WHERE key = ?').get(key);
    const live = liveValue(row);
    if (!live && by <= 0) return { total: 0, msLeft: 0 };
    const total = Math.max(Number(Buffer.from(live ?? []).toString()) + by, 0);
    const expires = live ? Number(row?.['expires_ms']) : now + windowMs;
    if (by !== 0) {
      this.#prepare('INSERT OR REPLACE INTO kv (key, value, expires_ms) VALUES (?, ?, ?)').run(
        key,
        Buffer.from(String(total)),
        expires,
      );
    }
    return { total, msLeft: expires - now };
  }

  #read(key: string): Uint8Array | undefined {
    return liveValue(this.#prepare('SELECT value, expires_ms FROM kv WHERE key = ?').get(key));
  }

  #write({ key, value, ttlSeconds }: Put): void {
    const expires = ttlSeconds === undefined ? null : Date.now() + ttlSeconds * 1000;
    this.#prepare('INSERT OR REPLACE INTO kv (key, value, expires_ms) VALUES (?, ?, ?)').run(
      key,
      value,
      expires,
    );
  }

  #transaction<Result>(work: () => Result): Result {
    return this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  #sweep(): void {
    try {
      const now = Date.now();
      this.#prepare('DELETE FROM kv WHERE expires_ms <= ?').run(now);
      this.#prepare('DELETE FROM members WHERE expires_ms <= ?').run(now);
    } catch {
      // Busy or closing: expired rows are invisible to readers anyway, and the next sweep comes soon.
    }
  }
}

function liveValue(row: Record<string, unknown> | undefined): Uint8Array | undefined {
  if (!row || !(row['value'] instanceof Uint8Array)) return undefined;
  const expires = row['expires_ms'];
  return typeof expires === 'number' && expires <= Date.now() ? undefined : row['value'];
}

function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable(`the embedded store did not answer: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

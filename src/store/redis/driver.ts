import { Redis } from 'ioredis';

import type { Count } from '../../limits/index.ts';
import type { EpochSeconds } from '../../oauth/index.ts';
import { StoreUnavailable, type Commit, type CommitOutcome, type Put, type StoreDriver } from '../driver.ts';
import { COMMIT, COUNT } from './scripts.ts';

/** Twice in one request, when the first failure is looked into, is still within two seconds (attack row A184). */
const COMMAND_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 2000;
const MAX_RETRY_DELAY_MS = 2000;

/**
 * No queue while offline and no second sending: a command whose answer was lost may have run, and sending it again
 * would make the only caller look like a replay (fault E5 of the store rules, C2.10).
 */
const OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  lazyConnect: true,
  retryStrategy: (attempt: number) =>
    Math.min(50 * 2 ** attempt, MAX_RETRY_DELAY_MS) * (0.75 + Math.random() / 2),
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
};

interface OwnCommands {
  gatehouseCount(key: string, by: number, windowMs: number): Promise<unknown>;
  gatehouseCommit(numberOfKeys: number, ...args: (string | Uint8Array | number)[]): Promise<unknown>;
}

/**
 * Connects to one Redis (`redis://` or `rediss://`, with ACL user and password in the URL).
 *
 * @throws StoreUnavailable when Redis does not answer, with host and port and never the password.
 */
export async function openRedisStore(url: string, onError: (error: Error) => void): Promise<StoreDriver> {
  const redis = new Redis(url, OPTIONS);
  let refusal: Error | undefined;
  let connected = false;
  redis.on('error', (error) => {
    refusal = error;
    // Until we are connected, the one who asked for the store is told; nobody else needs to be.
    if (connected) onError(error);
  });
  redis.defineCommand('gatehouseCommit', { lua: COMMIT });
  redis.defineCommand('gatehouseCount', { lua: COUNT, numberOfKeys: 1 });
  const location = `${redis.options.host ?? 'localhost'}:${redis.options.port ?? 6379}/${redis.options.db ?? 0}`;
  const store = new RedisStore(redis, location);
  try {
    await redis.connect();
    await store.ping();
    connected = true;
    return store;
  } catch (cause) {
    redis.disconnect();
    throw new StoreUnavailable(`cannot reach Redis at ${location}: ${reasonOf(refusal ?? cause)}`, { cause });
  }
}

class RedisStore implements StoreDriver {
  readonly name = 'redis';
  connection = 0;
  readonly location: string;
  readonly #redis: Redis;

  constructor(redis: Redis, location: string) {
    this.#redis = redis;
    this.location = location;
    redis.on('ready', () => (this.connection += 1));
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await this.#guard(this.#redis.mgetBuffer(...keys));
    return values.map((value) => value ?? undefined);
  }

  async put({ key, value, ttlSeconds }: Put): Promise<void> {
    const bytes = asBuffer(value);
    await this.#guard(
      ttlSeconds === undefined
        ? this.#redis.set(key, bytes)
        : this.#redis.set(key, bytes, 'PX', millis(ttlSeconds)),
    );
  }

  async putIfAbsent({ key, value, ttlSeconds }: Put): Promise<boolean> {
    const bytes = asBuffer(value);
    const reply = await this.#guard(
      ttlSeconds === undefined
        ? this.#redis.set(key, bytes, 'NX')
        : this.#redis.set(key, bytes, 'PX', millis(ttlSeconds), 'NX'),
    );
    return reply === 'OK';
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    return (await this.#guard(this.#redis.getdelBuffer(key))) ?? undefined;
  }

  async remove(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#guard(this.#redis.del(...keys));
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const { mode, deadKey, deadTtlSeconds, consume, puts, removes, expect } = commit;
    const keys = [
      ...[deadKey, ...consume.map(({ key }) => key), ...puts.map(({ key }) => key), ...removes],
      ...(expect ? [expect.key] : []),
    ];
    const expected = expect ? (expect.value ? 'value' : 'absent') : 'any';
    const reply = await this.#guard(
      (this.#redis as unknown as OwnCommands).gatehouseCommit(
        keys.length,
        ...keys,
        ...[mode, millis(deadTtlSeconds), consume.length, puts.length, removes.length],
        ...[expected, asBuffer(expect?.value ?? NOTHING)],
        ...consume.map(({ ttlSeconds }) => millis(ttlSeconds)),
        ...puts.flatMap(({ value, ttlSeconds }) => [
          asBuffer(value),
          ttlSeconds === undefined ? 0 : millis(ttlSeconds),
        ]),
      ),
    );
    if (OUTCOMES.has(reply)) return reply as CommitOutcome;
    throw new StoreUnavailable(`Redis answered ${String(reply)} to a commit`);
  }

  async addMember(index: string, member: string, expiresAt?: EpochSeconds): Promise<void> {
    await this.#guard(this.#redis.zadd(index, String(expiresAt ?? '+inf'), member));
  }

  async removeMember(index: string, member: string): Promise<void> {
    await this.#guard(this.#redis.zrem(index, member));
  }

  async members(index: string): Promise<string[]> {
    const now = Math.floor(Date.now() / 1000);
    await this.#guard(this.#redis.zremrangebyscore(index, '-inf', String(now)));
    return this.#guard(this.#redis.zrange(index, '0', '-1'));
  }

  async count(key: string, by: number, windowSeconds: number): Promise<Count> {
    const own = this.#redis as unknown as OwnCommands;
    const reply = await this.#guard(own.gatehouseCount(key, by, millis(windowSeconds)));
    const [total, msLeft] = Array.isArray(reply) ? (reply as unknown[]) : [];
    if (typeof total === 'number' && typeof msLeft === 'number') return { total, msLeft };
    throw new StoreUnavailable(`Redis answered ${String(reply)} to a count`);
  }

  async concerns(): Promise<readonly string[]> {
    const info = await this.#guard(this.#redis.info());
    const told = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
    const policy = told('maxmemory_policy');
    return [
      ...(policy === 'noeviction'
        ? []
        : [`maxmemory-policy is ${policy ?? 'unknown'}, must be noeviction: it may forget what was revoked`]),
      ...(told('aof_enabled') === '1' ? [] : ['appendonly is off: a restart may forget what was revoked']),
      ...(told('role') === 'master' ? [] : ['this Redis is a replica and takes no writes']),
    ];
  }

  async ping(): Promise<void> {
    await this.#guard(this.#redis.ping());
  }

  async close(): Promise<void> {
    try {
      await this.#redis.quit();
    } catch {
      this.#redis.disconnect();
    }
  }

  async #guard<Result>(reply: Promise<Result>): Promise<Result> {
    try {
      return await reply;
    } catch (cause) {
      throw new StoreUnavailable(`Redis at ${this.location} did not answer: ${reasonOf(cause)}`, { cause });
    }
  }
}

const OUTCOMES: ReadonlySet<unknown> = new Set<CommitOutcome>(['committed', 'lost', 'revoked', 'conflict']);
const NOTHING = new Uint8Array();

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function millis(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

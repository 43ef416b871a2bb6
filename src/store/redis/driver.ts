import type { Redis, RedisCommander } from 'ioredis';

import type { Count } from '../../limits/index.ts';
import type { EpochSeconds } from '../../oauth/index.ts';
import { StoreUnavailable, type Commit, type CommitOutcome, type Put, type StoreDriver } from '../driver.ts';
import type { RedisClient } from './client.ts';
import { createClusterClient } from './cluster.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { createSentinelClient, createSingleClient } from './one.ts';
import { COMMAND_TIMEOUT_MS, withoutCommand } from './options.ts';
import type { RedisPlace } from './place.ts';
import { ADD_MEMBER, COMMIT, COMMIT_END, COUNT } from './scripts.ts';

type CommitCommand = (numberOfKeys: number, ...args: (string | Uint8Array | number)[]) => Promise<unknown>;

interface OwnCommands {
  gatehouseCount(key: string, by: number, windowMs: number): Promise<unknown>;
  gatehouseAddMember(key: string, member: string, score: string, now: number): Promise<unknown>;
  gatehouseCommit: CommitCommand;
  gatehouseCommitEnd: CommitCommand;
}

/**
 * Connects to Redis: one (`redis://` or `rediss://`, with ACL user and password in the URL), a primary with sentinels, or
 * a cluster.
 *
 * @throws StoreUnavailable when Redis does not answer, with host and port and never the password.
 */
export async function openRedisStore(
  place: RedisPlace,
  onError: (error: Error) => void,
): Promise<StoreDriver> {
  const client = createClient(place);
  let refusal: Error | undefined;
  let connected = false;
  client.onError((error) => {
    refusal = withoutCommand(error);
    // Until we are connected, the one who asked for the store is told; nobody else needs to be.
    if (connected) onError(refusal);
  });
  client.defineCommand('gatehouseCommit', { lua: COMMIT });
  client.defineCommand('gatehouseCommitEnd', { lua: COMMIT_END });
  client.defineCommand('gatehouseCount', { lua: COUNT, numberOfKeys: 1 });
  client.defineCommand('gatehouseAddMember', { lua: ADD_MEMBER, numberOfKeys: 1 });
  const store = new RedisStore(client);
  try {
    await client.connect();
    await store.ping();
    connected = true;
    return store;
  } catch (cause) {
    await client.close();
    const reason = reasonOf((await client.whyNot()) ?? refusal ?? cause);
    throw new StoreUnavailable(`cannot reach Redis at ${client.location}: ${reason}`, {
      cause: withoutCommand(cause),
    });
  }
}

function createClient(place: RedisPlace): RedisClient {
  if (typeof place === 'string') return createSingleClient(place);
  return 'master' in place ? createSentinelClient(place) : createClusterClient(place);
}

class RedisStore implements StoreDriver {
  readonly name = 'redis';
  connection = 0;
  readonly location: string;
  readonly #client: RedisClient;
  readonly #redis: RedisCommander;
  readonly #deadlines: Deadlines;

  constructor(client: RedisClient) {
    this.#client = client;
    this.#redis = client.commands;
    this.location = client.location;
    this.#deadlines = createDeadlines(() => latestTime(client));
    client.onReady(() => {
      this.connection += 1;
      this.#deadlines.measure();
    });
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
    const deadline = await this.#guard(this.#deadlines.in(COMMAND_TIMEOUT_MS));
    const own = this.#redis as unknown as OwnCommands;
    const onlyEnds = consume.length === 0 && puts.length === 0;
    const reply = await this.#guard(
      own[onlyEnds ? 'gatehouseCommitEnd' : 'gatehouseCommit'](
        keys.length,
        ...keys,
        ...[mode, millis(deadTtlSeconds), consume.length, puts.length, removes.length],
        ...[expected, asBuffer(expect?.value ?? NOTHING), deadline],
        ...consume.map(({ ttlSeconds }) => millis(ttlSeconds)),
        ...puts.flatMap(({ value, ttlSeconds }) => [
          asBuffer(value),
          ttlSeconds === undefined ? 0 : millis(ttlSeconds),
        ]),
      ),
    );
    if (OUTCOMES.has(reply)) return reply as CommitOutcome;
    // Its clock may have been set meanwhile: then the next commit is in time again.
    if (reply === 'late') this.#deadlines.measure();
    throw new StoreUnavailable(`Redis answered ${String(reply)} to a commit`);
  }

  async addMember(index: string, member: string, expiresAt?: EpochSeconds): Promise<void> {
    const own = this.#redis as unknown as OwnCommands;
    const now = Math.floor(Date.now() / 1000);
    await this.#guard(own.gatehouseAddMember(index, member, String(expiresAt ?? '+inf'), now));
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
    const { kind } = this.#client;
    const concerns = await this.#ofEachPrimary(async (redis) => {
      const where = kind === 'cluster' ? `${redis.options.host ?? ''}:${redis.options.port ?? 0}: ` : '';
      return concernsOf(await redis.info(), kind).map((concern) => `${where}${concern}`);
    });
    return concerns.flat();
  }

  async ping(): Promise<void> {
    await this.#ofEachPrimary((redis) => this.#client.alive(redis));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #ofEachPrimary<Result>(ask: (redis: Redis) => Promise<Result>): Promise<Result[]> {
    const all = async (): Promise<Result[]> => Promise.all(this.#client.primaries().map(ask));
    return this.#guard(all());
  }

  async #guard<Result>(reply: Promise<Result>): Promise<Result> {
    try {
      const answer = await reply;
      await this.#deadlines.mustAgree();
      return answer;
    } catch (cause) {
      throw new StoreUnavailable(`Redis at ${this.location} cannot be used: ${reasonOf(cause)}`, {
        cause: withoutCommand(cause),
      });
    }
  }
}

function concernsOf(info: string, kind: RedisClient['kind']): string[] {
  const told = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const policy = told('maxmemory_policy');
  return [
    ...(policy === 'noeviction'
      ? []
      : [`maxmemory-policy is ${policy ?? 'unknown'}, must be noeviction: it may forget what was revoked`]),
    ...(told('aof_enabled') === '1' ? [] : ['appendonly is off: a restart may forget what was revoked']),
    ...(told('role') === 'master' ? [] : ['this Redis is a replica and takes no writes']),
    // Redis counts its good replicas only where it was told to need some.
    ...(kind === 'sentinel' && told('min_slaves_good_slaves') === undefined
      ? ['min-replicas-to-write is 0: a primary that is cut off takes writes which a failover forgets']
      : []),
  ];
}

const OUTCOMES: ReadonlySet<unknown> = new Set<CommitOutcome>(['committed', 'lost', 'revoked', 'conflict']);
const NOTHING = new Uint8Array();

/** Of several primaries the clock that is ahead of the others: a deadline must not pass early on any of them. */
async function latestTime(client: RedisClient): Promise<readonly unknown[]> {
  let all: readonly Redis[] = [];
  try {
    all = client.primaries();
  } catch {
    // One is away; the others go on.
  }
  if (all.length < 2) return client.commands.time();
  const times = await Promise.all(all.map((one) => one.time()));
  return times.reduce((latest, time) => (millisOf(time) > millisOf(latest) ? time : latest));
}

function millisOf([seconds, micros]: readonly unknown[]): number {
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function millis(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

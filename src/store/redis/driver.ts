import type { Redis, RedisCommander } from 'ioredis';

import type { Count } from '../../limits/index.ts';
import type { EpochSeconds } from '../../oauth/index.ts';
import type { StoreClock } from '../../time/index.ts';
import {
  StoreUnavailable,
  type Commit,
  type CommitOutcome,
  type Marker,
  type Put,
  type Row,
  type StoreDriver,
  type Watcher,
} from '../driver.ts';
import type { RedisClient } from './client.ts';
import { clockOf, latestTime } from './clock.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { dumpRows, restoreRows } from './dump.ts';
import type { DurableWriter } from './durable.ts';
import { COMMAND_TIMEOUT_MS, reasonOf, withoutCommand } from './options.ts';
import { concernsOf, lineageOf } from './info.ts';
import { commitArguments, commitCommand, type CommitArguments } from './commit-arguments.ts';
import { createMarker, isFull } from './marker.ts';
import { createSweep, type Sweep } from './sweep.ts';
import { asBuffer, millis } from './values.ts';
import { watchRedis } from './watch.ts';

interface OwnCommands {
  gatehouseAnnounce(key: string, value: Uint8Array, ttlMs: number): Promise<unknown>;
  gatehouseCount(key: string, by: number, windowMs: number): Promise<unknown>;
  gatehouseAddMember(key: string, member: string, score: string, now: number): Promise<unknown>;
  gatehouseCommit(...args: CommitArguments): Promise<unknown>;
  gatehouseCommitEnd(...args: CommitArguments): Promise<unknown>;
}

/** What a store is made of once its connections are there. */
export interface RedisStoreParts {
  readonly client: RedisClient;
  /** For introspection only. */
  readonly reader: RedisClient;
  /** Where writes wait for replicas: the connection, and what writes over it. */
  readonly durable: { readonly client: RedisClient; readonly writer: DurableWriter } | undefined;
  readonly sweepEveryMs: number;
}

/** The store over connections that {@link openRedisStore} has made. */
export class RedisStore implements StoreDriver {
  readonly name = 'redis';
  connection = 0;
  readonly location: string;
  readonly tags: readonly string[];
  readonly #client: RedisClient;
  readonly #redis: RedisCommander;
  readonly #deadlines: Deadlines;
  readonly #all: readonly RedisClient[];
  readonly #reader: RedisCommander;
  readonly #durable: DurableWriter | undefined;
  readonly #mark: ReturnType<typeof createMarker>;
  readonly #sweep: Sweep;
  readonly #sweeper: NodeJS.Timeout;
  readonly #watches = new Set<() => void>();
  #isVouchedFor = (): boolean => false;

  constructor({ client, reader, durable, sweepEveryMs }: RedisStoreParts) {
    this.#sweep = createSweep(client.commands);
    // What could not be swept now is swept the next time.
    this.#sweeper = setInterval(() => void this.#sweep.run().catch(() => undefined), sweepEveryMs).unref();
    this.#all = [client, reader, ...(durable ? [durable.client] : [])];
    this.#client = client;
    this.#reader = reader.commands;
    this.#durable = durable?.writer;
    this.#mark = createMarker(durable?.client ?? client, durable?.writer);
    this.#redis = client.commands;
    this.location = client.location;
    this.tags = client.kind === 'cluster' ? CLUSTER_TAGS : [];
    this.#deadlines = createDeadlines(
      () => latestTime(client),
      () => this.#isVouchedFor(),
    );
    client.onReady(() => this.#deadlines.measure());
    for (const one of this.#all) one.onReady(() => (this.connection += 1));
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await this.#guard(this.#redis.mgetBuffer(...keys));
    return values.map((value) => value ?? undefined);
  }

  async lookUp(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const values = await this.#guard(this.#reader.mgetBuffer(...keys));
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

  async announce({ key, value, ttlSeconds }: Put): Promise<void> {
    const own = this.#redis as unknown as OwnCommands;
    const ttlMs = ttlSeconds === undefined ? 0 : millis(ttlSeconds);
    await this.#guard(own.gatehouseAnnounce(key, asBuffer(value), ttlMs));
  }

  watch(watcher: Watcher): () => void {
    const unwatch = watchRedis(this.#client, watcher);
    this.#watches.add(unwatch);
    return () => {
      this.#watches.delete(unwatch);
      unwatch();
    };
  }

  async putIfAbsent(put: Marker): Promise<boolean> {
    const writing = this.#durable?.putIfAbsent(put) ?? this.#setIfAbsent(put);
    const { ttlSeconds, evenWhenFull = false } = put;
    if (!evenWhenFull || ttlSeconds === undefined) return this.#guard(writing);
    const orMark = async (error: unknown): Promise<boolean> => {
      if (!isFull(error)) throw error;
      return this.#mark({ ...put, ttlSeconds });
    };
    return this.#guard(writing.catch(orMark));
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    if (this.#durable) return this.#guard(this.#durable.take(key));
    return (await this.#guard(this.#redis.getdelBuffer(key))) ?? undefined;
  }

  async remove(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#guard(this.#redis.del(...keys));
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const args = commitArguments(commit, await this.#guard(this.#deadlines.in(COMMAND_TIMEOUT_MS)));
    const reply = await this.#guard(
      this.#durable
        ? this.#durable.commit(commit, args)
        : (this.#redis as unknown as OwnCommands)[commitCommand(commit)](...args),
    );
    if (OUTCOMES.has(reply)) return reply as CommitOutcome;
    // Its clock may have been set meanwhile: then the next commit is in time again.
    if (reply === 'late') this.#deadlines.measure();
    throw new StoreUnavailable(`Redis answered ${String(reply)} to a commit`, { isSettled: true });
  }

  async assure(near: string): Promise<void> {
    if (this.#durable) await this.#guard(this.#durable.assure(near));
  }

  async addMember(index: string, member: string, expiresAt?: EpochSeconds): Promise<void> {
    const own = this.#redis as unknown as OwnCommands;
    const now = Math.floor(Date.now() / 1000);
    const adding = own.gatehouseAddMember(index, member, String(expiresAt ?? '+inf'), now);
    if (expiresAt === undefined) {
      await this.#guard(adding);
      return;
    }
    // Over one connection, commands keep their order; in a cluster there are several.
    const added = this.#client.kind === 'cluster' ? adding : undefined;
    const noting = Promise.resolve(added).then(() => this.#sweep.note(index, expiresAt));
    await this.#guard(Promise.all([adding, noting]));
  }

  async removeMember(index: string, member: string): Promise<void> {
    await this.#guard(this.#redis.zrem(index, member));
  }

  async members(index: string): Promise<string[]> {
    const now = Math.floor(Date.now() / 1000);
    return this.#guard(this.#redis.zrangebyscore(index, `(${now}`, '+inf'));
  }

  async count(key: string, by: number, windowSeconds: number): Promise<Count> {
    const own = this.#redis as unknown as OwnCommands;
    const reply = await this.#guard(own.gatehouseCount(key, by, millis(windowSeconds)));
    const [total, msLeft] = Array.isArray(reply) ? (reply as unknown[]) : [];
    if (typeof total === 'number' && typeof msLeft === 'number') return { total, msLeft };
    throw new StoreUnavailable(`Redis answered ${String(reply)} to a count`);
  }

  dump(): AsyncGenerator<readonly Row[]> {
    return dumpRows(this.#client, (reply) => this.#guard(reply));
  }

  restore(rows: readonly Row[]): Promise<number> {
    return restoreRows(this, rows, (index, member) => this.#guard(this.#redis.zscore(index, member)));
  }

  async concerns(): Promise<readonly string[]> {
    const { kind } = this.#client;
    const concerns = await this.#ofEachPrimary(async (redis) => {
      const where = kind === 'cluster' ? `${redis.options.host ?? ''}:${redis.options.port ?? 0}: ` : '';
      return (await concernsOf(redis, kind)).map((concern) => `${where}${concern}`);
    });
    return concerns.flat();
  }

  async lineage(): Promise<string | undefined> {
    try {
      return (await this.#ofEachPrimary((redis) => lineageOf(redis, this.#client.kind))).sort().join(' ');
    } catch {
      return undefined;
    }
  }

  async sameEverywhere(): Promise<void> {
    const [first, ...others] = await this.#guard(Promise.all(this.#all.map((one) => one.servers())));
    if (others.every((ids) => ids.some((id) => first?.includes(id)))) return;
    for (const one of this.#all) one.reconnect();
    throw new StoreUnavailable(`the connections to Redis at ${this.location} led to different servers`);
  }

  /** Past the guard: it rejects while the clocks are far apart, which is what somebody wants to know here. */
  async clocks(): Promise<readonly StoreClock[]> {
    const clocks = await Promise.all(this.#client.primaries().map(clockOf));
    // It may have been set since deadlines were reckoned by it.
    this.#deadlines.measure();
    return clocks;
  }

  vouch(isRight: () => boolean): void {
    this.#isVouchedFor = isRight;
  }

  async ping(): Promise<void> {
    // Introspection has a connection of its own, and is not the least of what we are for.
    await this.#guard(Promise.all(this.#all.map(allAlive)));
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const unwatch of this.#watches) unwatch();
    await Promise.all(this.#all.map((one) => one.close()));
  }

  async #setIfAbsent({ key, value, ttlSeconds }: Put): Promise<boolean> {
    const bytes = asBuffer(value);
    const reply =
      ttlSeconds === undefined
        ? await this.#redis.set(key, bytes, 'NX')
        : await this.#redis.set(key, bytes, 'PX', millis(ttlSeconds), 'NX');
    return reply === 'OK';
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
      if (cause instanceof StoreUnavailable) throw cause;
      throw new StoreUnavailable(`Redis at ${this.location} cannot be used: ${reasonOf(cause)}`, {
        cause: withoutCommand(cause),
        isSettled: isRefusal(cause),
      });
    }
  }
}

/** Redis answered that it did not do it: nothing is left to be found out. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof Error && REFUSALS.test(cause.message);
}

const REFUSALS =
  /^(?:OOM|NOREPLICAS|READONLY|MISCONF|BUSY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM|WRONGPASS)\b/;

async function allAlive(client: RedisClient): Promise<void> {
  await Promise.all(client.primaries().map((primary) => client.alive(primary)));
}

const OUTCOMES: ReadonlySet<unknown> = new Set<CommitOutcome>(['committed', 'lost', 'revoked', 'conflict']);
/** So many that even one of ten primaries has none of them once in a million clusters. */
const CLUSTER_TAGS = Array.from({ length: 128 }, (_, at) => String(at));

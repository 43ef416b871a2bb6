import { createHash } from 'node:crypto';

import type { RedisCommander } from 'ioredis';

import type { EpochSeconds } from '../../oauth/index.ts';

const BUCKETS = 16;
/** At most so many indexes a bucket are looked at in one go. */
const AT_ONCE = 200;
const KNOWN_AT_MOST = 20_000;
/** The score of a member that does not expire. */
const NEVER = 'inf';
/** Half of what a member may outlive its time. */
export const SWEEP_EVERY_MS = 30_000;

interface OwnCommands {
  gatehouseSweep(index: string, now: number): Promise<unknown>;
  gatehouseSwept(bucket: string, index: string, now: number, next: string): Promise<unknown>;
}

/**
 * Knows which index has a member that expires next, so that what has expired is forgotten without looking through all keys.
 * Buckets hold the names of indexes by the time their first member expires; whoever adds a member brings that forward.
 */
export interface Sweep {
  /** Tells that a member of this index expires then; to be called no earlier than the member is there. */
  note(index: string, expiresAt: EpochSeconds): Promise<void>;
  /** Forgets members that have expired, everywhere. Every node may do it at the same time. */
  run(): Promise<void>;
}

export function createSweep(redis: RedisCommander): Sweep {
  const own = redis as unknown as OwnCommands;
  /** What the buckets have at the latest: while that is ahead, there is nothing to tell about later members. */
  const known = new Map<string, EpochSeconds>();
  const sweep = async (bucket: string, index: string, now: EpochSeconds): Promise<void> => {
    const found = await own.gatehouseSweep(index, now);
    const next = typeof found === 'string' ? found : '';
    await own.gatehouseSwept(bucket, index, now, next);
    // Whoever added a member meanwhile noted it beside a time that had passed, which was earlier.
    const [, first = NEVER] = await redis.zrange(index, '0', '0', 'WITHSCORES');
    if (first !== NEVER && first !== next) await redis.zadd(bucket, 'LT', first, index);
  };
  return {
    async note(index, expiresAt) {
      const due = known.get(index);
      if (due !== undefined && due <= expiresAt && due > nowInSeconds()) return;
      await redis.zadd(bucketOf(index), 'LT', expiresAt, index);
      if (known.size >= KNOWN_AT_MOST) known.clear();
      known.set(index, expiresAt);
    },
    async run() {
      for (const bucket of ALL_BUCKETS) {
        for (;;) {
          const now = nowInSeconds();
          const due = await redis.zrangebyscore(bucket, '-inf', now, 'LIMIT', 0, AT_ONCE);
          await Promise.all(due.map((index) => sweep(bucket, index, now)));
          if (due.length < AT_ONCE) break;
        }
      }
    },
  };
}

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, at) => `gh:{due.${at}}:sweep`);

function bucketOf(index: string): string {
  const [first = 0] = createHash('sha256').update(index).digest();
  return ALL_BUCKETS[first % BUCKETS] ?? '';
}

function nowInSeconds(): EpochSeconds {
  return Math.floor(Date.now() / 1000);
}

import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';

import type { StoreClock } from '../../time/index.ts';
import type { RedisClient } from './client.ts';

/** An answer that took longer was held up somewhere, and its time is wrong by up to half of that. */
const PROMPT_MS = 50;
const TRIES = 3;

/** How far the clock of a Redis is ahead of our monotonic one: of a few tries, the one that was answered first. */
export async function clockOf(redis: Redis): Promise<StoreClock> {
  let best = await askOnce(redis);
  for (let tries = 1; tries < TRIES && best.tookMs > PROMPT_MS; tries += 1) {
    const next = await askOnce(redis);
    if (next.tookMs < best.tookMs) best = next;
  }
  return { at: `${redis.options.host ?? ''}:${redis.options.port ?? 0}`, aheadMs: best.aheadMs };
}

async function askOnce(redis: Redis): Promise<{ readonly aheadMs: number; readonly tookMs: number }> {
  const sent = performance.now();
  const [seconds, micros] = await redis.time();
  const received = performance.now();
  return {
    aheadMs: Number(seconds) * 1000 + Number(micros) / 1000 - (sent + received) / 2,
    tookMs: received - sent,
  };
}

/** Of several primaries the clock that is ahead of the others: a deadline must not pass early on any of them. */
export async function latestTime(client: RedisClient): Promise<readonly unknown[]> {
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

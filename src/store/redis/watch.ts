import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { Watcher } from '../driver.ts';
import type { RedisClient } from './client.ts';
import { retryDelay } from './options.ts';
import { BEAT, ENDED_CHANNEL } from './scripts.ts';

const BEAT_EVERY_MS = 250;
/** A beat that has not come back after so many others never will. */
const MOST_BEATS = 16;

/**
 * Listens at every primary, and proves four times a second that it still hears: a beat goes out over the connection that
 * writes go over, and comes back over the subscription. What was published before the beat was sent has been heard by then,
 * since a primary does one thing after the other and a connection keeps the order. So nothing has to be numbered or kept.
 *
 *     made ──subscribed──▶ missed, hears ──beat comes back──▶ hears up to when it was sent
 *       ▲                                                         │ connection lost, another primary
 *       └─────────────────────────────────────────────────────────┘
 *
 * @returns stops it
 */
export function watchRedis(client: RedisClient, watcher: Watcher): () => void {
  const ears = new Map<string, Ear>();
  const heard = (): void => {
    const upTo = [...ears.values()].map((ear) => ear.upTo());
    if (upTo.every((moment) => moment !== undefined)) watcher.upTo(Math.min(...upTo));
  };
  const beat = (): void => {
    try {
      const primaries = new Map(client.primaries().map((primary) => [nameOf(client, primary), primary]));
      for (const [name, ear] of ears) {
        if (primaries.has(name)) continue;
        ear.stop();
        ears.delete(name);
      }
      for (const [name, primary] of primaries) {
        const ear = ears.get(name) ?? listenAt(primary, watcher, heard);
        ears.set(name, ear);
        ear.beat(primary, client.keyOn(primary));
      }
    } catch {
      // A primary is away: without its beat nothing is certain.
    }
  };
  beat();
  const beating = setInterval(beat, BEAT_EVERY_MS).unref();
  return () => {
    clearInterval(beating);
    for (const ear of ears.values()) ear.stop();
  };
}

/** Sentinels lead to the one primary, whichever that is. */
function nameOf({ kind }: RedisClient, { options }: Redis): string {
  return kind === 'cluster' ? `${options.host ?? ''}:${options.port ?? 0}` : 'the primary';
}

/** One subscription. */
interface Ear {
  beat(primary: Redis, key: string): void;
  /** Everything that was published here before this moment has been heard; `undefined`: nobody knows. */
  upTo(): number | undefined;
  stop(): void;
}

function listenAt(primary: Redis, watcher: Watcher, heard: () => void): Ear {
  const own = `gh:beat:${randomBytes(9).toString('base64url')}`;
  const sent = new Map<string, number>();
  let upTo: number | undefined;
  let count = 0;
  const subscription = primary.duplicate({
    ...{ autoResubscribe: false, enableOfflineQueue: false, enableAutoPipelining: false, readOnly: false },
    ...{ lazyConnect: true, retryStrategy: retryDelay, enableReadyCheck: true },
  });
  const forget = (): void => {
    sent.clear();
    upTo = undefined;
  };
  subscription.on('error', () => {
    // The connections that are worked over say what is wrong.
  });
  subscription.on('close', forget);
  subscription.on('ready', () => {
    subscription.subscribe(ENDED_CHANNEL, own).then(
      () => {
        forget();
        watcher.missed();
      },
      () => subscription.disconnect(true),
    );
  });
  subscription.on('message', (channel: string, message: string) => {
    if (channel === ENDED_CHANNEL) watcher.ended(message);
    const at = channel === own ? sent.get(message) : undefined;
    if (at === undefined) return;
    upTo = at;
    heard();
  });
  connect(subscription);
  return {
    beat(current, key) {
      // A failover that is announced while ioredis connects ends its attempts for good.
      if (subscription.status === 'end') connect(subscription);
      count += 1;
      sent.set(String(count), performance.now());
      for (const old of sent.keys()) if (Number(old) <= count - MOST_BEATS) sent.delete(old);
      current.eval(BEAT, 1, key, own, count).catch(() => undefined);
    },
    upTo: () => upTo,
    stop: () => subscription.disconnect(),
  };
}

function connect(subscription: Redis): void {
  subscription.connect().catch(() => undefined);
}

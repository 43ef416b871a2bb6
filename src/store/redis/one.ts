import { Redis, type RedisOptions } from 'ioredis';

import type { RedisClient } from './client.ts';
import {
  COMMAND_TIMEOUT_MS,
  CONNECTION,
  SENTINEL_RESUBSCRIBE_MS,
  knock,
  retryDelay,
  runIdOf,
  usageOptions,
  type Usage,
} from './options.ts';
import { addressOf, type SentinelPlace } from './place.ts';

const ONE = { ...CONNECTION, enableOfflineQueue: false, retryStrategy: retryDelay } satisfies RedisOptions;

export function createSingleClient(url: string, usage: Usage): RedisClient {
  const redis = new Redis(url, { ...ONE, ...usageOptions(usage) });
  const { host = 'localhost', port = 6379, db = 0 } = redis.options;
  return clientOf(redis, 'single', `${host}:${port}/${db}`);
}

export function createSentinelClient(place: SentinelPlace, usage: Usage): RedisClient {
  const location = `${place.master}/${place.database ?? 0} (sentinels ${place.sentinels.join(', ')})`;
  const redis = new Redis({ ...sentinelOptions(place), ...usageOptions(usage) });
  let lastWord: Error | undefined;
  redis.on('sentinelError', (error: Error) => (lastWord = error));
  const [first] = place.sentinels;
  return {
    ...clientOf(redis, 'sentinel', location),
    async whyNot() {
      if (first === undefined || lastWord === undefined) return undefined;
      const { sentinelUsername: username, sentinelPassword: password, tls } = place;
      const door = { ...addressOf(first), ...(tls ? { tls: {} } : {}) };
      return (
        (await knock({ ...door, ...(username ? { username } : {}), ...(password ? { password } : {}) })) ??
        lastWord
      );
    },
  };
}

function sentinelOptions(place: SentinelPlace) {
  const tls = place.tls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {};
  return {
    ...ONE,
    sentinels: place.sentinels.map(addressOf),
    name: place.master,
    role: 'master',
    db: place.database ?? 0,
    ...(place.username === undefined ? {} : { username: place.username }),
    ...(place.password === undefined ? {} : { password: place.password }),
    sentinelUsername: place.sentinelUsername,
    sentinelPassword: place.sentinelPassword,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    sentinelRetryStrategy: retryDelay,
    // A primary that hangs, or that was cut off and is one no more, is left as soon as the sentinels say so.
    failoverDetector: true,
    sentinelReconnectStrategy: () => SENTINEL_RESUBSCRIBE_MS,
    ...tls,
  } satisfies RedisOptions;
}

function clientOf(redis: Redis, kind: 'single' | 'sentinel', location: string): RedisClient {
  let closing = false;
  let opened = false;
  let reconnect: NodeJS.Timeout | undefined;
  // A failover that is announced while ioredis connects ends its attempts for good (SentinelConnector, connectToNext).
  redis.on('end', () => {
    if (opened && !closing) reconnect = setTimeout(() => void redis.connect().catch(ignore), retryDelay(1));
  });
  return {
    kind,
    location,
    commands: redis,
    pipeline: () => redis.pipeline(),
    primaries: () => [redis],
    keyOn: () => 'gh:{beat}',
    alive: () => redis.ping(),
    // ioredis asks sentinels for ever; who opens a store wants to know that none answers.
    async connect() {
      await Promise.race([redis.connect(), firstError(redis)]);
      opened = true;
    },
    whyNot: () => Promise.resolve(undefined),
    onError: (listener) => void redis.on('error', listener),
    onReady: (listener) => void redis.on('ready', listener),
    servers: async () => [await runIdOf(redis)],
    reconnect: () => redis.disconnect(true),
    defineCommand: (name, definition) => redis.defineCommand(name, definition),
    async close() {
      closing = true;
      clearTimeout(reconnect);
      await redis.quit().catch(ignore);
      // Ends what a quit leaves: attempts to connect, and the connections to sentinels.
      redis.disconnect();
    },
  };
}

function firstError(redis: Redis): Promise<never> {
  const failed = new Promise<never>((_resolve, reject) => redis.once('error', reject));
  // Nobody may be waiting any more when one comes later.
  failed.catch(ignore);
  return failed;
}

function ignore(): void {
  // Told by the error event already.
}

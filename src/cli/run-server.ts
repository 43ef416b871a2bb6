import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { pino, type Logger } from 'pino';

import type { Config } from '../config/index.ts';
import {
  openForCommand,
  openForServer,
  openRedisStore,
  type RedisPlace,
  type StoreDriver,
} from '../store/index.ts';

/** Where the templates are: beside `src` or `dist`. */
export const VIEWS_DIR = path.resolve(import.meta.dirname, '..', '..', 'views');

/** Members that could hold a secret are cut out wherever they appear, on top of never being logged. */
const REDACT = [
  'password',
  'client_secret',
  'token',
  'access_token',
  'refresh_token',
  'code',
  'authorization',
  'cookie',
];

/** @param base what stands in every line beside the name of the program */
export function createLog(level: string, base: Readonly<Record<string, unknown>> = {}): Logger {
  const paths = REDACT.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level, base: { app: 'gatehouse', ...base }, redact: { paths, censor } });
}

/** `ECONNREFUSED` and its like are a `code` too, and what an operator needs most. */
function censor(value: unknown, path: string[]): unknown {
  return path.at(-1) === 'code' && /^[A-Z][A-Z0-9_]+$/.test(String(value)) ? value : '[redacted]';
}

/** Opens the store for a server, which has an embedded one to itself. @throws StoreUnavailable with what to do */
export function openServerStore(
  { store }: Pick<Config, 'store'>,
  onError: (error: Error) => void,
): Promise<StoreDriver> {
  const place = placeOf(store);
  return place === undefined
    ? openForServer(store.dataDir)
    : openRedisStore(place, onError, { replicas: replicasOf(store) });
}

/** Closes the store when what is built on it cannot be, and the process has to end. */
export async function orClose<Result>(driver: StoreDriver, building: Promise<Result>): Promise<Result> {
  try {
    return await building;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** Opens the store for a command, beside the server that may be running. @throws StoreUnavailable with what to do */
export function openCommandStore({ store }: Pick<Config, 'store'>): Promise<StoreDriver> {
  const place = placeOf(store);
  return place === undefined
    ? openForCommand(store.dataDir)
    : openRedisStore(place, () => undefined, { replicas: replicasOf(store) });
}

function replicasOf({ durability, replicas }: Config['store']): number {
  return durability === 'replica' ? replicas : 0;
}

function placeOf(store: Config['store']): RedisPlace | undefined {
  return store.driver === 'redis' ? redisPlaceOf(store) : undefined;
}

function redisPlaceOf({ redisUrl, redisSentinel, redisCluster }: Config['store']): RedisPlace | undefined {
  if (redisSentinel) {
    const { nodes, password, sentinelPassword, ...plain } = redisSentinel;
    return {
      ...plain,
      sentinels: nodes,
      password: password?.reveal(),
      sentinelPassword: sentinelPassword?.reveal(),
    };
  }
  return redisCluster
    ? { clusterNodes: redisCluster.nodes.map((node) => node.reveal()) }
    : redisUrl?.reveal();
}

/** What is done before a server stops that was asked to: balancers see that it is not ready when they look again. */
export interface Leaving {
  readonly leave: () => void;
  readonly delayMs: number;
}

/**
 * Stops once, in order, on SIGTERM or SIGINT; a second signal stops at once.
 *
 * @param leaving not done where an error nobody expected is why it stops
 * @returns the same for those who are told otherwise than by a signal; when we are stopping already it does nothing
 */
export function stopOnSignals(
  stop: () => Promise<void>,
  log: Pick<Logger, 'info' | 'error' | 'fatal'>,
  { leave, delayMs }: Leaving = { leave: () => undefined, delayMs: 0 },
): (why: string, exitCode?: number) => void {
  let stopping = false;
  const begin = (why: string, exitCode = 0): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal: why }, 'stopping');
    leave();
    delay(delayMs)
      .then(stop)
      .then(
        () => process.exit(exitCode),
        (error: unknown) => {
          log.error({ err: error }, 'could not stop cleanly');
          process.exit(1);
        },
      );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    begin(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // After an error nobody expected the state is unknown: say so, and let the supervisor start afresh.
  const onUnknown = (error: unknown): void => {
    log.fatal({ err: error }, 'unexpected error; stopping');
    process.exitCode = 1;
    if (stopping) process.exit(1);
    stopping = true;
    void stop().finally(() => process.exit(1));
  };
  process.on('uncaughtException', onUnknown);
  process.on('unhandledRejection', onUnknown);
  return begin;
}

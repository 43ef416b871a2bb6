import { availableParallelism } from 'node:os';

import type { Config } from '../config/index.ts';
import {
  createListener,
  createManagementApp,
  healthOf,
  metricsOfWorkers,
  type Health,
} from '../http/index.ts';
import { healthOfAll } from './crew-health.ts';
import { createCrew } from './crew.ts';
import { UserError } from './explain.ts';
import { createLog, stopOnSignals } from './run-server.ts';

const MOST_WORKERS = 256;

/**
 * How many workers `--workers` asks for: a number, or `auto`, which is one for each processor.
 *
 * @throws UserError when it is neither, or the store is one that takes a single server
 */
export function workersOf(text: string, { store }: Pick<Config, 'store'>): number {
  const count = text === 'auto' ? availableParallelism() : Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MOST_WORKERS)
    throw new UserError(
      `--workers is a number from 1 to ${MOST_WORKERS}, or auto; it is ${JSON.stringify(text)}`,
    );
  if (count > 1 && store.driver !== 'redis')
    throw new UserError(
      `--workers ${text} needs Redis: an embedded store has one server. Set store.driver to redis, and store.redisUrl`,
    );
  return count;
}

/**
 * Runs several processes on the same port. This one only starts them, starts another where one has ended, answers for all
 * of them on the management port, and stops them in order.
 *
 * @returns when all are ready; `false`: the first could not start, and has said why
 */
export async function serveWithWorkers(config: Config, count: number): Promise<boolean> {
  const log = createLog(config.log.level);
  const crew = createCrew(log);
  let isLeaving = false;
  const health = async (): Promise<Health> =>
    isLeaving ? healthOf([], () => true) : healthOfAll(crew.all(), count);
  const management = createListener(createManagementApp(health, metricsOfWorkers()));
  const stop = async (): Promise<void> => {
    await crew.stop();
    await management.close();
  };
  const delayMs = config.listen.drainDelayS * 1000;
  const begin = stopOnSignals(stop, log, { leave: () => void (isLeaving = true), delayMs });
  // Each reads its certificate anew by itself.
  process.on('SIGHUP', () => {
    for (const worker of crew.all()) worker.process.kill('SIGHUP');
  });
  crew.onHopeless(() => begin('no worker becomes ready', 1));
  const managementPort = await management.listen(config.management);
  // The first one alone: what is wrong is said once.
  const port = await crew.start(1);
  if (port === undefined) {
    await stop();
    return false;
  }
  await Promise.all(Array.from({ length: count - 1 }, (_, others) => crew.start(others + 2)));
  log.info({ issuer: config.issuer, port, managementPort, workers: count }, 'ready');
  return true;
}

import cluster from 'node:cluster';

import type { Gatehouse } from '../app.ts';
import { isOurs, type FromWorker } from './worker-messages.ts';

/** Which one of several this process is; `undefined`: it is the only one, or starts the others. */
export function workerNumber(): number | undefined {
  return cluster.isWorker ? Number(process.env['GATEHOUSE_WORKER']) : undefined;
}

/** Told to stop, or left alone, while nothing is served yet: there is nothing to be ended in order. */
const stopAtOnce = (message?: unknown): void => {
  if (message === undefined || (isOurs(message) && message.gatehouse === 'stop')) process.exit(0);
};
const leftAtOnce = (): void => stopAtOnce();

/** What cannot start lets go of whoever started it, and so can end. */
export async function orLetGo(start: () => Promise<void>): Promise<void> {
  if (cluster.isWorker) process.on('message', stopAtOnce).on('disconnect', leftAtOnce);
  try {
    await start();
  } catch (error) {
    process.off('disconnect', leftAtOnce);
    if (process.connected) process.disconnect();
    throw error;
  }
}

/**
 * Answers whoever started us for as long as we run, and stops when told to, or when nobody is there any more.
 *
 * @param port where we listen
 */
export function reportToPrimary(
  gatehouse: Pick<Gatehouse, 'health'>,
  port: number,
  stop: (why: string) => void,
): void {
  process.on('message', (message) => {
    if (!isOurs(message)) return;
    if (message.gatehouse === 'stop') stop('told by the primary');
    else void gatehouse.health().then((health) => tell({ gatehouse: 'health', health }));
  });
  process.on('disconnect', () => stop('the primary has gone'));
  process.off('message', stopAtOnce).off('disconnect', leftAtOnce);
  tell({ gatehouse: 'ready', port });
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

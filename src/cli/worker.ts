import cluster from 'node:cluster';

import type { Gatehouse } from '../app.ts';
import { isOurs, type FromWorker } from './worker-messages.ts';

/** Which one of several this process is; `undefined`: it is the only one, or starts the others. */
export function workerNumber(): number | undefined {
  return cluster.isWorker ? Number(process.env['GATEHOUSE_WORKER']) : undefined;
}

/** What cannot start lets go of whoever started it, and so can end. */
export async function orLetGo(starting: Promise<void>): Promise<void> {
  try {
    await starting;
  } catch (error) {
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
  tell({ gatehouse: 'ready', port });
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

import type { Worker } from 'node:cluster';

import type { Health } from '../http/index.ts';
import { tell } from './crew.ts';
import { isOurs, type FromWorker } from './worker-messages.ts';

const HEALTH_MS = 5000;

/** Ready when one is, and each that runs is well: one that is being replaced does not shut out the others. */
export async function healthOfAll(workers: readonly Worker[], count: number): Promise<Health> {
  const all = await Promise.all(workers.map(healthOf));
  const answered = all.filter((health) => health !== undefined);
  const checks = answered.flatMap((health) => health.checks);
  const failed = checks.filter(({ status }) => status === 'DOWN');
  const names = [...new Map(checks.map((check) => [check.name, check])).keys()];
  const status = answered.length > 0 && failed.length === 0 ? 'UP' : 'DOWN';
  return {
    status,
    checks: [
      {
        name: 'workers',
        status: answered.length > 0 ? 'UP' : 'DOWN',
        reason: `${answered.length} of ${count} answer`,
      },
      ...names.map((name) => failed.find((check) => check.name === name) ?? { name, status: 'UP' as const }),
    ],
  };
}

function healthOf(worker: Worker): Promise<Health | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, HEALTH_MS);
    worker.on('message', take);
    tell(worker, { gatehouse: 'health' });

    function take(message: unknown): void {
      if (isOurs(message) && message.gatehouse === 'health')
        done((message as FromWorker & { health: Health }).health);
    }
    function done(health?: Health): void {
      clearTimeout(timer);
      worker.off('message', take);
      resolve(health);
    }
  });
}

import type { Logger } from 'pino';

import { isLoopback } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import { watchConcerns, type ConcernWatch, type StoreDriver } from '../store/index.ts';
import { UserError } from './explain.ts';

/** Says what makes a store unsafe, and goes on: for synthetic data only. */
export async function warnOfConcerns(driver: StoreDriver, log: Pick<Logger, 'warn'>): Promise<void> {
  for (const concern of await driver.concerns()) log.warn({ store: driver.location }, concern);
}

/**
 * A store that may forget revocations is no store to serve from: nothing starts on it, and when it becomes one while we
 * run, the node is not ready until it is good again (F08). A developer's Redis on this machine can be let off.
 *
 * @param everyMs how often to look; default 30 s
 * @throws UserError with a line for each concern
 */
export async function guardStore(
  { store }: Pick<Config, 'store'>,
  driver: StoreDriver,
  log: Pick<Logger, 'warn' | 'error' | 'info'>,
  everyMs?: number,
): Promise<ConcernWatch | undefined> {
  if (store.allowVolatile && isOnThisMachine(store)) {
    await warnOfConcerns(driver, log);
    return undefined;
  }
  const hint = store.allowVolatile ? ' (store.allowVolatile is for a Redis on this machine only)' : '';
  const lines = (await driver.concerns()).map(
    (concern) => `the store at ${driver.location} is not safe: ${concern}${hint}`,
  );
  if (lines.length > 0) throw new UserError(lines.join('\ngatehouse: '));
  const at = { store: driver.location };
  return watchConcerns({
    driver,
    ...(everyMs === undefined ? {} : { everyMs }),
    onConcern: (concern) =>
      log.error(at, `the store is no longer safe, so this node is not ready: ${concern}`),
    onGone: (concern) => log.info(at, `the store is safe again from this: ${concern}`),
  });
}

function isOnThisMachine({ driver, redisUrl }: Config['store']): boolean {
  return driver === 'redis' && isLoopback(URL.parse(redisUrl?.reveal() ?? '')?.hostname ?? '');
}

import type { Counters } from '../limits/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Counters under a keyed hash of their name: no address and no user name is to be read in the store. */
export function createCounters({ driver, keys }: Pick<Vault, 'driver' | 'keys'>): Counters {
  const at = (name: string): string => key.count(keys.keyedHash('count', name));
  return {
    add: (name, by, windowSeconds) => driver.count(at(name), by, windowSeconds),
    forget: (name) => driver.remove([at(name)]),
  };
}

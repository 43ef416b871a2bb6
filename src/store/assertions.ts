import type { ClientId, Clock, EpochSeconds } from '../oauth/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/**
 * Remembers the ids of client assertions until they expire: of parallel callers with one id, exactly one gets `true`.
 * Also while the store is out of memory, for who shows an assertion to take a right away or to ask about one (F07); a token
 * is refused by its own commit then.
 */
export function createAssertionMemory({ driver, keys }: Vault, clock: Clock) {
  return (clientId: ClientId, jti: string, expiresAt: EpochSeconds): Promise<boolean> =>
    driver.putIfAbsent({
      // A pair written as JSON cannot be mistaken for another pair.
      key: key.jti(keys.keyedHash('jti', JSON.stringify([clientId, jti]))),
      value: Uint8Array.of(1),
      ttlSeconds: Math.max(1, expiresAt - clock()),
      evenWhenFull: true,
    });
}

/** `true` to exactly one caller, of all nodes, for this name within so many seconds. */
export function createFirst({ driver, keys }: Vault) {
  return (name: string, seconds: number): Promise<boolean> =>
    driver.putIfAbsent({
      key: key.first(keys.keyedHash('first', name)),
      value: Uint8Array.of(1),
      ttlSeconds: seconds,
    });
}

import { randomBytes } from 'node:crypto';

import { StoreUnavailable, type StoreDriver } from './driver.ts';
import { key } from './keys.ts';
import type { StoreKeys } from './sealing.ts';
import { createVault } from './vault.ts';

/** Which store this is. Written when a store is first used, and anew when an operator adopts one that lost its data. */
export interface StoreEpoch {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const ID_BYTES = 12;
/** So long the first node takes at most to write the copies. */
const INSTALLING_MS = 10_000;

/** What the store calls itself; `undefined` before its first use. */
export function readEpoch(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch | undefined> {
  return createVault(driver, keys).read<StoreEpoch>(key.epoch);
}

/** Says that this store, such as it is, is the one to work with from now on; running nodes follow within a second. */
export async function adoptStore(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch> {
  const epoch = newEpoch();
  const vault = createVault(driver, keys);
  // The copies first: once the epoch is there the store is good.
  await Promise.all(driver.tags.map((tag) => vault.write(key.epochCopy(tag), epoch)));
  await vault.write(key.epoch, epoch);
  return epoch;
}

/** The epoch of a store that a node begins to work with; a new one where there is none. */
export async function firstEpoch(
  driver: StoreDriver,
  keys: StoreKeys,
  pinned: string | undefined,
): Promise<StoreEpoch> {
  const vault = createVault(driver, keys);
  const found = await vault.read<StoreEpoch>(key.epoch);
  if (pinned !== undefined && found?.id !== pinned) {
    throw new StoreUnavailable(
      `the store at ${driver.location} is not ${pinned}, the one that store.epoch names; it is ${found?.id ?? 'empty'}`,
    );
  }
  const fresh = newEpoch();
  if (!found) await vault.writeIfAbsent(key.epoch, fresh);
  const epoch = found ?? (await vault.read<StoreEpoch>(key.epoch));
  if (!epoch) throw new StoreUnavailable(`the store at ${driver.location} lost what was just written to it`);
  if (epoch.since > Date.now() - INSTALLING_MS)
    await Promise.all(driver.tags.map((tag) => vault.writeIfAbsent(key.epochCopy(tag), epoch)));
  return epoch;
}

/**
 * Is every primary of the store the one it was? A primary that does not answer now is asked again when it is connected
 * anew, before anything else is.
 */
export async function copiesAgree(driver: StoreDriver, keys: StoreKeys, epoch: StoreEpoch): Promise<boolean> {
  const vault = createVault(driver, keys);
  const copies = await Promise.allSettled(
    driver.tags.map((tag) => vault.read<StoreEpoch>(key.epochCopy(tag))),
  );
  return copies.every((copy) =>
    copy.status === 'fulfilled' ? copy.value?.id === epoch.id : copy.reason instanceof StoreUnavailable,
  );
}

function newEpoch(): StoreEpoch {
  return { id: randomBytes(ID_BYTES).toString('hex'), since: Date.now() };
}

import { randomBytes } from 'node:crypto';

import { StoreUnavailable, type StoreDriver } from './driver.ts';
import { key } from './keys.ts';
import type { StoreKeys } from './sealing.ts';
import { createVault, type Vault } from './vault.ts';

/** Which store this is. Written when a store is first used, and anew when an operator adopts one that lost its data. */
export interface StoreEpoch {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** The epoch that was here before, where there was one. */
  readonly after?: string;
  /** An operator said that this store is to be worked with; else a server found it empty and began it. */
  readonly adopted?: true;
  /** Nobody may work with it: it was moved away, or an import into it has not ended. Until it is adopted. */
  readonly closed?: 'moved' | 'import';
}

const ID_BYTES = 12;
/** So long the first node takes at most to write the copies. */
const INSTALLING_MS = 10_000;
/** So long after the epoch has changed every node has looked, and what it had sent before has been answered or is late. */
export const QUIET_AFTER_MS = 3000;

/** What the store calls itself; `undefined` before its first use. */
export function readEpoch(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch | undefined> {
  return createVault(driver, keys).read<StoreEpoch>(key.epoch);
}

/** Says that this store, such as it is, is the one to work with from now on; running nodes follow within a second. */
export async function adoptStore(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch> {
  const before = await readEpoch(driver, keys);
  // Nodes that worked with it before it was closed go on with it.
  const epoch: StoreEpoch = { ...newEpoch(before?.closed ? before.after : before?.id), adopted: true };
  const vault = createVault(driver, keys);
  // The copies first: once the epoch is there the store is good.
  await Promise.all(driver.tags.map((tag) => vault.write(key.epochCopy(tag), epoch)));
  await vault.write(key.epoch, epoch);
  return epoch;
}

/**
 * Says that nobody may work with this store; running nodes see it within a second. Undone by {@link adoptStore}.
 *
 * @param before what is there, where the keys that it was sealed under are gone; else it is read
 */
export async function closeStore(
  driver: StoreDriver,
  keys: StoreKeys,
  closed: NonNullable<StoreEpoch['closed']>,
  before?: { readonly epoch: StoreEpoch | undefined },
): Promise<void> {
  const last = before ? before.epoch : await readEpoch(driver, keys);
  const epoch: StoreEpoch = { ...newEpoch(last?.closed ? last.after : last?.id), closed };
  await createVault(driver, keys).write(key.epoch, epoch);
}

/** The epoch of a store that a node begins to work with; a new one where there is none. */
export async function firstEpoch(
  driver: StoreDriver,
  keys: StoreKeys,
  pinned: string | undefined,
): Promise<StoreEpoch> {
  const vault = createVault(driver, keys);
  const found = await vault.read<StoreEpoch>(key.epoch);
  if (found?.closed) throw new StoreUnavailable(describeLoss(driver, found));
  if (pinned !== undefined && found?.id !== pinned) {
    throw new StoreUnavailable(
      `the store at ${driver.location} is not ${pinned}, the one that store.epoch names; it is ${found?.id ?? 'empty'}`,
    );
  }
  if (!found) await begin(driver, vault);
  const epoch = found ?? (await vault.read<StoreEpoch>(key.epoch));
  if (!epoch) throw new StoreUnavailable(`the store at ${driver.location} lost what was just written to it`);
  if (epoch.closed) throw new StoreUnavailable(describeLoss(driver, epoch));
  if (epoch.since > Date.now() - INSTALLING_MS)
    await Promise.all(driver.tags.map((tag) => vault.writeIfAbsent(key.epochCopy(tag), epoch)));
  if (!(await copiesAgree(driver, keys, epoch))) throw new StoreUnavailable(describeLoss(driver, undefined));
  return epoch;
}

/** Names a store that was never used. One of several primaries that is empty is a loss, and no beginning. */
async function begin(driver: StoreDriver, vault: Vault): Promise<void> {
  const copies = await Promise.all(driver.tags.map((tag) => vault.read<StoreEpoch>(key.epochCopy(tag))));
  const isThere = (await vault.read<StoreEpoch>(key.epoch)) !== undefined;
  if (!isThere && copies.some((copy) => copy !== undefined))
    throw new StoreUnavailable(describeLoss(driver, undefined));
  await vault.writeIfAbsent(key.epoch, newEpoch());
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

/** Why a node does not work with the store, and what to do. */
export function describeLoss(
  { location }: StoreDriver,
  found: StoreEpoch | undefined,
  isForeign = false,
): string {
  if (isForeign)
    return `the store at ${location} is sealed under another secret than the one this node has worked with; bring the right one back`;
  if (found?.closed === 'moved')
    return `the store at ${location} was moved away; work with the one it was moved to, or take it back with: gatehouse store adopt`;
  if (found?.closed === 'import')
    return `an import into the store at ${location} has not ended; wait for it, or repeat it with --into-used`;
  const what = found === undefined ? 'has lost its data' : 'is another one than this node has worked with';
  return `the store at ${location} ${what}; bring the right one back, or accept the loss with: gatehouse store adopt`;
}

function newEpoch(after?: string): StoreEpoch {
  const epoch = { id: randomBytes(ID_BYTES).toString('hex'), since: Date.now() };
  return after === undefined ? epoch : { ...epoch, after };
}

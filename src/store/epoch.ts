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
  /** Nobody may work with it: it was moved away, or an import into it has not ended. Until it is adopted. */
  readonly closed?: 'moved' | 'import';
}

const ID_BYTES = 12;
const LOOK_EVERY_MS = 1000;
/** So long after the epoch has changed every node has looked, and what it had sent before has been answered or is late. */
export const QUIET_AFTER_MS = 3000;

/** A store that is watched: once it is not the one it was, it answers nothing any more. */
export interface GuardedStore {
  readonly driver: StoreDriver;
  /** @throws StoreUnavailable with what to do, while the store is not the one this node has worked with */
  readonly check: () => Promise<void>;
  readonly stop: () => void;
}

export interface EpochGuardOptions {
  /** Told once when the store turns out to be another one, and once when it is the known one again. */
  readonly onChange: (isKnown: boolean, description: string) => void;
  /** Only this one will do: what `gatehouse store status` printed. */
  readonly pinned?: string | undefined;
}

/**
 * Looks who answers before it is believed (C2.7, F03). A Redis that comes back empty, or another database at the same
 * address, knows no token: believed, it would have every app throw its refresh tokens away. So the store's epoch is
 * compared after each new connection, before the first command over it, and every second.
 */
export async function guardEpoch(
  driver: StoreDriver,
  keys: StoreKeys,
  options: EpochGuardOptions,
): Promise<GuardedStore> {
  const vault = createVault(driver, keys);
  let known = await firstEpoch(driver, keys, options.pinned);
  let lostSince: number | undefined;
  let seen = driver.connection;
  let underway: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const connection = driver.connection;
    const found = await vault.read<StoreEpoch>(key.epoch);
    const adopted =
      found !== undefined && !found.closed && lostSince !== undefined && found.since > lostSince;
    if (found?.id === known.id || adopted) {
      if (adopted) known = found;
      if (lostSince !== undefined)
        options.onChange(true, `the store at ${driver.location} can be used again`);
      lostSince = undefined;
      seen = connection;
      return;
    }
    if (lostSince === undefined) options.onChange(false, describeLoss(driver, found));
    lostSince ??= Date.now();
    throw new StoreUnavailable(describeLoss(driver, found));
  };
  const check = (): Promise<void> => {
    underway ??= look().finally(() => (underway = undefined));
    return underway;
  };
  const isSure = (): boolean => lostSince === undefined && driver.connection === seen;
  const watcher = setInterval(() => void check().catch(() => undefined), LOOK_EVERY_MS).unref();
  return { driver: guarded(driver, isSure, check), check, stop: () => clearInterval(watcher) };
}

function describeLoss({ location }: StoreDriver, found: StoreEpoch | undefined): string {
  if (found?.closed === 'moved')
    return `the store at ${location} was moved away; work with the one it was moved to, or take it back with: gatehouse store adopt`;
  if (found?.closed === 'import')
    return `an import into the store at ${location} has not ended; wait for it, or repeat it with --into-used`;
  const what = found === undefined ? 'has lost its data' : 'is another one than this node has worked with';
  return `the store at ${location} ${what}; bring the right one back, or accept the loss with: gatehouse store adopt`;
}

async function firstEpoch(
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
  if (found) return found;
  const fresh = newEpoch();
  if (await vault.writeIfAbsent(key.epoch, fresh)) return fresh;
  const winner = await vault.read<StoreEpoch>(key.epoch);
  if (!winner) throw new StoreUnavailable(`the store at ${driver.location} lost what was just written to it`);
  if (winner.closed) throw new StoreUnavailable(describeLoss(driver, winner));
  return winner;
}

function newEpoch(): StoreEpoch {
  return { id: randomBytes(ID_BYTES).toString('hex'), since: Date.now() };
}

/** What the store calls itself; `undefined` before its first use. */
export function readEpoch(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch | undefined> {
  return createVault(driver, keys).read<StoreEpoch>(key.epoch);
}

/** Says that this store, such as it is, is the one to work with from now on; running nodes follow within a second. */
export async function adoptStore(driver: StoreDriver, keys: StoreKeys): Promise<StoreEpoch> {
  const epoch = newEpoch();
  await createVault(driver, keys).write(key.epoch, epoch);
  return epoch;
}

/** Says that nobody may work with this store; running nodes see it within a second. Undone by {@link adoptStore}. */
export async function closeStore(
  driver: StoreDriver,
  keys: StoreKeys,
  closed: NonNullable<StoreEpoch['closed']>,
): Promise<void> {
  const epoch: StoreEpoch = { ...newEpoch(), closed };
  await createVault(driver, keys).write(key.epoch, epoch);
}

const GUARDED: ReadonlySet<string | symbol> = new Set<keyof StoreDriver>([
  ...(['getMany', 'put', 'putIfAbsent', 'take', 'remove', 'commit'] as const),
  ...(['addMember', 'removeMember', 'members'] as const),
]);

function guarded(driver: StoreDriver, isSure: () => boolean, check: () => Promise<void>): StoreDriver {
  return new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (!GUARDED.has(name)) return (...args: unknown[]): unknown => Reflect.apply(member, target, args);
      return async (...args: unknown[]): Promise<unknown> => {
        if (!isSure()) await check();
        return Reflect.apply(member, target, args);
      };
    },
  });
}

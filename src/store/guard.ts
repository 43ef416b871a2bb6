import { oneAtATime } from '../oauth/index.ts';
import { createBarred, type Barred } from './barred.ts';
import { StoreUnavailable, type StoreDriver } from './driver.ts';
import { copiesAgree, describeLoss, firstEpoch, type StoreEpoch } from './epoch.ts';
import type { KeyRing } from './key-ring.ts';
import { key } from './keys.ts';
import { createLineage } from './lineage.ts';
import { SealBroken, createExchangeableKeys, type KeyMaterial, type StoreKeys } from './sealing.ts';
import { createVault } from './vault.ts';

/** Twice as often as what every node keeps in memory may be old. */
const LOOK_EVERY_MS = 500;
/** As old as what is kept in memory may be; a look that takes its time is waited for. */
const GOOD_FOR_MS = 1000;

/** How far what lies in the store is to be believed. */
export interface Trust {
  /**
   * Milliseconds since 1970: what was made before may have been redeemed, and the store may have forgotten it (C2.8). 0
   * while nothing of that kind has happened.
   */
  readonly unsureBefore: () => number;
  /** Milliseconds since 1970: what this owner was granted before has ended, whatever the store has of it. */
  readonly endedAt: Barred['endedAt'];
}

interface Made {
  readonly clientId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly iat?: number | undefined;
  /** Milliseconds since 1970: who is let in again may be given a grant in the second in which everything ended. */
  readonly madeAt?: number | undefined;
  readonly smart?: { readonly madeAt?: number | undefined } | undefined;
}

/** Was this made before everything of its owner ended? */
export function hasEnded({ clientId, accountId, iat = 0, madeAt, smart }: Made, trust: Trust): boolean {
  return (madeAt ?? smart?.madeAt ?? iat * 1000) < trust.endedAt({ clientId, accountId });
}

/** A store that is watched: once it is not the one it was, it answers nothing any more. */
export interface GuardedStore {
  readonly driver: StoreDriver;
  /** @throws StoreUnavailable with what to do, while the store is not the one this node has worked with */
  readonly check: () => Promise<void>;
  readonly trust: Trust;
  /**
   * Changes whenever something changed of which every node keeps a copy in memory, see {@link tellOfChange}, and when another
   * store is worked with. `undefined` while nobody knows, because the store has not answered for a while.
   */
  readonly revision: () => string | undefined;
  readonly stop: () => void;
}

export interface EpochGuardOptions {
  /** Told once when the store turns out to be another one, and once when it is the known one again. */
  readonly onChange: (isKnown: boolean, description: string) => void;
  /** Told when the store may have forgotten its last writes. */
  readonly onUnsure?: (description: string) => void;
  /** Only this one will do: what `gatehouse store status` printed. */
  readonly pinned?: string | undefined;
  /** Follows the keys in the store; absent: those given stay. */
  readonly ring?: Pick<KeyRing, 'read' | 'use'>;
}

/**
 * Looks who answers before it is believed (C2.7, F03). A Redis that comes back empty, or another database at the same
 * address, knows no token: believed, it would have every app throw its refresh tokens away. So the store's epoch is
 * compared after each new connection, before the first command over it, and twice a second. With the same look comes what
 * every node keeps in memory: the keys, who is barred, and since when the store can be trusted with single use.
 */
export async function guardEpoch(
  driver: StoreDriver,
  keys: StoreKeys,
  options: EpochGuardOptions,
): Promise<GuardedStore> {
  let known = await firstEpoch(driver, keys, options.pinned);
  const lineage = await createLineage(createVault(driver, keys), (description) =>
    options.onUnsure?.(description),
  );
  const barred = createBarred(driver);
  await barred.follow((await driver.getMany([key.changes]))[0]);
  let loss: Loss | undefined;
  let seen = driver.connection;
  let revision: { readonly id: string; readonly at: number } | undefined;

  const accept = (found: StoreEpoch): void => {
    known = found;
    if (loss) options.onChange(true, `the store at ${driver.location} can be used again`);
    loss = undefined;
  };
  const look = async (): Promise<void> => {
    const { connection } = driver;
    // A connection that was made anew may lead to another store than those that are looked through.
    if (connection !== seen) await driver.sameEverywhere();
    const at = performance.now();
    const [ring, epoch, lineageBefore, changes] = await driver.getMany(OF_EVERY_LOOK);
    const { material, theirs, found, isForeign } = whatLiesThere(driver, keys, options.ring?.read, {
      ring,
      epoch,
    });
    const follows = found !== undefined && isAdopted(found, known, loss, connection);
    if (found && (found.id === known.id || follows) && (await copiesAgree(driver, theirs, found))) {
      if (material) options.ring?.use(material);
      const isTold = await lineage.look(lineageBefore);
      await barred.follow(changes);
      revision = { id: `${found.id} ${Buffer.from(changes ?? []).toString()}`, at };
      accept(found);
      // Until it is told who answers, each command is preceded by another look.
      if (isTold) seen = connection;
      return;
    }
    if (!loss) options.onChange(false, describeLoss(driver, found, isForeign));
    if (loss?.connection !== connection)
      loss = { since: loss?.since ?? Date.now(), found: found?.id, connection };
    throw new StoreUnavailable(describeLoss(driver, found, isForeign));
  };
  const check = oneAtATime(look);
  const isSure = (): boolean => !loss && driver.connection === seen;
  const watcher = setInterval(() => void check().catch(() => undefined), LOOK_EVERY_MS).unref();
  return {
    driver: guarded(driver, isSure, check),
    check,
    trust: { unsureBefore: lineage.unsureBefore, endedAt: (grant) => barred.endedAt(grant) },
    revision: () =>
      !loss && revision && performance.now() - revision.at < GOOD_FOR_MS ? revision.id : undefined,
    stop: () => clearInterval(watcher),
  };
}

interface Lying {
  readonly ring: Uint8Array | undefined;
  readonly epoch: Uint8Array | undefined;
}

/** Keys and epoch. A store under another secret is another store: it has no epoch that we know. */
function whatLiesThere(
  driver: StoreDriver,
  keys: StoreKeys,
  readRing: KeyRing['read'] | undefined,
  { ring, epoch }: Lying,
): {
  material?: KeyMaterial | undefined;
  theirs: StoreKeys;
  found?: StoreEpoch | undefined;
  isForeign?: true;
} {
  try {
    const material = readRing?.(ring);
    const theirs = material ? createExchangeableKeys(material) : keys;
    return { material, theirs, found: epoch && createVault(driver, theirs).open(key.epoch, epoch) };
  } catch (error) {
    if (error instanceof SealBroken) return { theirs: keys, isForeign: true };
    throw error;
  }
}

/** All in one slot, read at once. */
const OF_EVERY_LOOK = [key.ring, key.epoch, key.lineage, key.changes] as const;

/** What was there instead of the epoch we know. */
interface Loss {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly found: string | undefined;
  readonly connection: number;
}

/**
 * Did an operator say that this one is to be worked with now? Yes when it follows the one we know, when it was written
 * before our eyes, or, over another connection, when it is newer than our loss.
 */
function isAdopted(
  found: StoreEpoch,
  known: StoreEpoch,
  loss: Loss | undefined,
  connection: number,
): boolean {
  if (found.closed || !found.adopted) return false;
  if (found.after === known.id) return true;
  if (!loss) return false;
  return found.since > loss.since || (loss.connection === connection && loss.found !== found.id);
}

const GUARDED: ReadonlySet<string | symbol> = new Set<keyof StoreDriver>([
  ...(['getMany', 'lookUp', 'put', 'announce', 'putIfAbsent', 'take', 'remove', 'commit'] as const),
  ...(['addMember', 'removeMember', 'members', 'count', 'assure'] as const),
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

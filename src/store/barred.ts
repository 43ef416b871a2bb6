import { randomBytes } from 'node:crypto';

import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';
import type { StoreDriver } from './driver.ts';
import { key } from './keys.ts';

export type Owner = { readonly clientId: ClientId } | { readonly accountId: AccountId };

const CHANGE_BYTES = 9;

/**
 * Whose grants have ended as a whole: what a client or an account had before a moment is dead, whether the index of its
 * grants names it or not (C2.3). Kept in the memory of every node, which hears of it within a second. What a node has
 * heard it knows until it has no meaning any more, and puts it back where a failover or an older backup has lost it.
 */
export interface Barred {
  /** Ends, for good, what the owner has at this moment. */
  bar(owner: Owner, keptUntil: EpochSeconds): Promise<void>;
  /** Milliseconds since 1970: whatever of theirs was made before is dead. 0: nothing is. */
  endedAt(grant: { readonly clientId?: string | undefined; readonly accountId?: string | undefined }): number;
  /** Reads anew when something has changed since the last time. @param change what lies at {@link key.changes} */
  follow(change: Uint8Array | undefined): Promise<void>;
}

interface Ending {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** All that it ended has expired by then. */
  readonly keptUntil: EpochSeconds;
}

export function createBarred(driver: StoreDriver): Barred {
  let endings: ReadonlyMap<string, Ending> = new Map();
  let seen: string | undefined = '';
  /** `false`: some could not be written. A store that takes no writes answers still, and so do we. */
  const putBack = async (lost: readonly (readonly [string, Ending])[]): Promise<boolean> => {
    const write = ([name, ending]: readonly [string, Ending]): Promise<void> =>
      driver.addMember(key.barred, memberOf(name, ending), ending.keptUntil);
    try {
      await Promise.all(lost.map(write));
      if (lost.length > 0) await tellOfChange(driver);
      return true;
    } catch {
      return false;
    }
  };
  return {
    async bar(owner, keptUntil) {
      await driver.addMember(key.barred, memberOf(nameOf(owner), { at: Date.now(), keptUntil }), keptUntil);
      // Told to everybody first: what is too little for a failover is right for those who run.
      await tellOfChange(driver);
      await driver.assure(key.barred);
    },
    endedAt({ clientId, accountId }) {
      const ofClient = clientId === undefined ? 0 : (endings.get(nameOf({ clientId }))?.at ?? 0);
      const ofAccount = accountId === undefined ? 0 : (endings.get(nameOf({ accountId }))?.at ?? 0);
      return Math.max(ofClient, ofAccount);
    },
    async follow(change) {
      const id = Buffer.from(change ?? []).toString();
      if (id === seen) return;
      const listed = latestOfEach((await driver.members(key.barred)).map(endingIn));
      const now = Date.now() / 1000;
      const known = [...endings].filter(([, { keptUntil }]) => keptUntil > now);
      endings = latestOfEach([...listed, ...known]);
      const lost = known.filter(([name, { at }]) => at > (listed.get(name)?.at ?? 0));
      seen = (await putBack(lost)) ? id : undefined;
    },
  };
}

/** Tells every node that something it keeps in memory is another now. */
export async function tellOfChange(driver: StoreDriver): Promise<void> {
  const value = Buffer.from(randomBytes(CHANGE_BYTES).toString('base64url'));
  await driver.announce({ key: key.changes, value });
}

function nameOf(owner: Owner): string {
  return 'clientId' in owner ? `c.${owner.clientId}` : `a.${owner.accountId}`;
}

/** The time it is kept until stands in it too: who reads an index does not hear when its members expire. */
function memberOf(name: string, { at, keptUntil }: Ending): string {
  return `${name}@${at}.${keptUntil}`;
}

function endingIn(member: string): readonly [string, Ending] {
  const place = member.lastIndexOf('@');
  const [at, keptUntil = 0] = member.slice(place + 1).split('.');
  return [member.slice(0, place), { at: Number(at), keptUntil: Number(keptUntil) }];
}

function latestOfEach(all: readonly (readonly [string, Ending])[]): Map<string, Ending> {
  const latest = new Map<string, Ending>();
  for (const [name, ending] of all) if (ending.at >= (latest.get(name)?.at ?? 0)) latest.set(name, ending);
  return latest;
}

import { randomBytes } from 'node:crypto';

import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';
import type { StoreDriver } from './driver.ts';
import { key } from './keys.ts';

export type Owner = { readonly clientId: ClientId } | { readonly accountId: AccountId };

const CHANGE_BYTES = 9;

/**
 * Whose grants have ended as a whole: what a client or an account had before a moment is dead, whether the index of its
 * grants names it or not (C2.3). Kept in the memory of every node, which hears of it within a second.
 */
export interface Barred {
  /** Ends, for good, what the owner has at this moment. */
  bar(owner: Owner, keptUntil: EpochSeconds): Promise<void>;
  /** Milliseconds since 1970: whatever of theirs was made before is dead. 0: nothing is. */
  endedAt(grant: { readonly clientId?: string | undefined; readonly accountId?: string | undefined }): number;
  /** Reads anew when something has changed since the last time. @param change what lies at {@link key.changes} */
  follow(change: Uint8Array | undefined): Promise<void>;
}

export function createBarred(driver: StoreDriver): Barred {
  let endings: ReadonlyMap<string, number> = new Map();
  let seen = '';
  return {
    async bar(owner, keptUntil) {
      await driver.addMember(key.barred, `${nameOf(owner)}@${Date.now()}`, keptUntil);
      await tellOfChange(driver);
    },
    endedAt({ clientId, accountId }) {
      const ofClient = clientId === undefined ? 0 : (endings.get(nameOf({ clientId })) ?? 0);
      const ofAccount = accountId === undefined ? 0 : (endings.get(nameOf({ accountId })) ?? 0);
      return Math.max(ofClient, ofAccount);
    },
    async follow(change) {
      const id = Buffer.from(change ?? []).toString();
      if (id === seen) return;
      endings = latestOfEach(await driver.members(key.barred));
      seen = id;
    },
  };
}

/** Tells every node that something it keeps in memory is another now. */
export async function tellOfChange(driver: StoreDriver): Promise<void> {
  await driver.put({ key: key.changes, value: Buffer.from(randomBytes(CHANGE_BYTES).toString('base64url')) });
}

function nameOf(owner: Owner): string {
  return 'clientId' in owner ? `c.${owner.clientId}` : `a.${owner.accountId}`;
}

function latestOfEach(members: readonly string[]): Map<string, number> {
  const endings = new Map<string, number>();
  for (const member of members) {
    const at = member.lastIndexOf('@');
    const name = member.slice(0, at);
    endings.set(name, Math.max(endings.get(name) ?? 0, Number(member.slice(at + 1))));
  }
  return endings;
}

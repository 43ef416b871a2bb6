import type { SessionList, SessionSummary } from '../identity/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { key } from './keys.ts';
import type { EndSession, StoredSession } from './session-end.ts';
import type { Vault } from './vault.ts';

/** Lists and ends the sessions of an account; the index is a hint, the sessions themselves decide. */
export function createSessionList(vault: Vault, endSession: EndSession): SessionList {
  const { driver } = vault;
  const read = async (accountId: AccountId, id: string): Promise<StoredSession | undefined> => {
    if (!ID.test(id)) return undefined;
    const session = await vault.read<StoredSession>(key.session(id));
    return session?.accountId === accountId ? session : undefined;
  };
  const end = async (accountId: AccountId, id: string): Promise<boolean> =>
    (await read(accountId, id)) !== undefined && endSession(id);
  return {
    async of(accountId) {
      const found = await inBatches(await driver.members(key.accountSessions(accountId)), async (id) => {
        const session = await read(accountId, id);
        return session && summaryOf(id, session);
      });
      return found.filter((one) => one !== undefined);
    },
    end,
    async endAll(accountId) {
      const ended = await inBatches(await driver.members(key.accountSessions(accountId)), (id) =>
        end(accountId, id),
      );
      return ended.filter(Boolean).length;
    },
  };
}

/** A keyed hash, in base64url. */
const ID = /^[A-Za-z0-9_-]{43}$/;

function summaryOf(id: string, { loginTs = 0, seenAt, exp = 0, about = {} }: StoredSession): SessionSummary {
  return { id, signedInAt: loginTs, seenAt: Math.max(seenAt ?? 0, loginTs), endsAt: exp, ...about };
}

import type { SessionList, SessionSummary } from '../identity/index.ts';
import type { GrantSummary } from '../consent/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { createGrantList } from './grant-list.ts';
import type { GrantIndex } from './grants.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** A session as oidc-provider has it written, with what we add: see oidc/session-limits.ts. */
interface StoredSession {
  readonly jti: string;
  readonly uid: string;
  readonly accountId?: string;
  readonly loginTs?: number;
  readonly exp?: number;
  readonly seenAt?: number;
  readonly about?: { readonly browser?: string; readonly system?: string; readonly network?: string };
}

/**
 * Lists and ends the sessions of an account; the index is a hint, the sessions themselves decide.
 *
 * @param tell hears of each grant that ended with its session
 */
export function createSessionList(
  vault: Vault,
  grants: Pick<GrantIndex, 'revoke'>,
  tell: (grant: GrantSummary) => void = () => undefined,
): SessionList {
  const { driver, keys } = vault;
  const read = async (accountId: AccountId, id: string): Promise<StoredSession | undefined> => {
    if (!ID.test(id)) return undefined;
    const session = await vault.read<StoredSession>(key.sessionByUid(id));
    return session?.accountId === accountId ? session : undefined;
  };
  const end = async (accountId: AccountId, id: string): Promise<boolean> => {
    const session = await read(accountId, id);
    if (!session) return false;
    // The session first: nothing more is granted for its time.
    const byId = key.session(keys.keyedHash('session', session.jti));
    await Promise.all([driver.remove([byId]), driver.remove([key.sessionByUid(id)])]);
    await Promise.all([driver.assure(byId), driver.assure(key.sessionByUid(id))]);
    await endGrants(vault, grants, accountId, { uid: session.uid, tell });
    await driver.removeMember(key.accountSessions(accountId), id);
    return true;
  };
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

async function endGrants(
  vault: Vault,
  grants: Pick<GrantIndex, 'revoke'>,
  accountId: AccountId,
  { uid, tell }: { readonly uid: string; readonly tell: (grant: GrantSummary) => void },
): Promise<void> {
  const all = await createGrantList(vault)({ accountId });
  const ofSession = all.filter(({ sessionUid }) => sessionUid === uid);
  await inBatches(ofSession, async (grant) => {
    await grants.revoke(grant.grantId);
    tell(grant);
  });
}

import type { GrantSummary } from '../consent/index.ts';
import type { AccountId, GrantId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { summaryOf, type StoredGrant } from './grant-list.ts';
import type { GrantIndex } from './grants.ts';
import { key } from './keys.ts';
import { SealBroken } from './sealing.ts';
import type { Vault } from './vault.ts';

/** Longer than any request takes: whoever read a session before it ended cannot write it after. */
export const SESSION_MARK_SECONDS = 600;

/** A session as oidc-provider has it written, with what we add: see oidc/session-limits.ts. */
export interface StoredSession {
  readonly jti: string;
  readonly uid: string;
  readonly accountId?: string;
  readonly loginTs?: number;
  readonly exp?: number;
  readonly seenAt?: number;
  readonly about?: { readonly browser?: string; readonly system?: string; readonly network?: string };
}

/** A session that somebody was signed in with, and that has ended before its time. */
export interface EndedSession {
  readonly accountId: AccountId;
  readonly uid: string;
}

/** Who hears of what ended; neither may fail. */
export interface EndHearers {
  readonly told?: (session: EndedSession) => void;
  readonly grantEnded?: (grant: GrantSummary) => void;
}

/** Ends a session, with what was granted for its time; `false`: it has ended already. */
export type EndSession = (uidHash: string) => Promise<boolean>;

/**
 * The one way a session ends before its time, whoever ends it.
 *
 *     grants of its time end ──▶ tombstone, and the session is gone ──▶ grants made meanwhile end ──▶ told
 *
 * Where the first of it fails, the session is still there, and whoever asked can ask again.
 *
 */
export function createSessionEnd(
  vault: Vault,
  grants: Pick<GrantIndex, 'revoke'>,
  hearers: EndHearers = {},
): EndSession {
  const { driver } = vault;
  return async (uidHash) => {
    const name = key.session(uidHash);
    const session = await vault.read<StoredSession>(name);
    if (!session) return false;
    const { accountId, uid } = session;
    const seen = new Set<GrantId>();
    if (accountId !== undefined) await endGrants(vault, grants, { accountId, uid }, { seen, hearers });
    await driver.commit({
      ...{ mode: 'revoke', consume: [], puts: [], removes: [name] },
      ...{ deadKey: key.sessionEnded(uidHash), deadTtlSeconds: SESSION_MARK_SECONDS },
    });
    if (accountId === undefined) return true;
    await endGrants(vault, grants, { accountId, uid }, { seen, hearers });
    await driver.removeMember(key.accountSessions(accountId), uidHash);
    hearers.told?.({ accountId, uid });
    return true;
  };
}

/** @param seen those that were looked at before, and are not again */
async function endGrants(
  vault: Vault,
  grants: Pick<GrantIndex, 'revoke'>,
  { accountId, uid }: EndedSession,
  { seen, hearers }: { readonly seen: Set<GrantId>; readonly hearers: EndHearers },
): Promise<void> {
  const { driver } = vault;
  const all: readonly GrantId[] = await driver.members(key.accountGrants(accountId));
  await inBatches(
    all.filter((grantId) => !seen.has(grantId)),
    async (grantId) => {
      const [value] = await driver.getMany([key.grant(grantId)]);
      if (!value) return;
      seen.add(grantId);
      const grant = grantIn(vault, grantId, value);
      if (grant?.smart?.sessionUid !== uid) return;
      await grants.revoke(grantId);
      hearers.grantEnded?.(summaryOf(vault, grantId, grant));
    },
  );
}

/** A grant that somebody edited is good for nothing (A197), and must not keep anybody from signing out. */
function grantIn(vault: Vault, grantId: GrantId, value: Uint8Array): StoredGrant | undefined {
  try {
    return vault.open<StoredGrant>(key.grant(grantId), value);
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

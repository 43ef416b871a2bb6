import type { Context } from 'koa';

import type { ProtocolParts } from './compose-provider.ts';
import { referenceFor } from './http/index.ts';
import { endOldestSessions } from './identity/index.ts';
import { languageOf } from './language/index.ts';
import { ACCOUNT_PATH } from './my-apps/index.ts';
import { createSessionNotice } from './notices/index.ts';
import type { CapSessions } from './oidc/index.ts';
import { createAccountStore, createGrantIndex, createSessionEnd, createSessionList } from './store/index.ts';

type Parts = Pick<ProtocolParts, 'config' | 'vault' | 'audit' | 'logout' | 'outbox' | 'keepEnding'>;

/** Holds people to so many browsers at once, and tells them. Part of the composition root: see app.ts. */
export function composeSessionCap({ config, vault, audit, logout, outbox, keepEnding }: Parts): CapSessions {
  const { maxSessions: max } = config.signIn;
  const { refreshTokenSeconds, accessTokenSeconds } = config.tokens;
  const grants = createGrantIndex(vault.driver, refreshTokenSeconds + accessTokenSeconds);
  const endSession = createSessionEnd(vault, grants, {
    told: logout.tell,
    grantEnded: (grant) => void keepEnding(grant, { by: 'system', why: 'signed-out' }),
  });
  const sessions = createSessionList(vault, endSession);
  const accounts = createAccountStore(vault);
  const notice = outbox && createSessionNotice(outbox, config.name, max, config.issuer + ACCOUNT_PATH);
  return async (ctx: Context, accountId, uid) => {
    const own = vault.keys.keyedHash('session-uid', uid);
    const ended = await endOldestSessions(sessions, accountId, { own, max });
    const seen = { accountId, reference: referenceFor(ctx), address: ctx.ip };
    for (let one = 0; one < ended; one += 1)
      await audit.record({ type: 'sign-out', outcome: 'success', reason: 'too-many-sessions', ...seen });
    const account = ended > 0 && notice ? await accounts.find(accountId) : undefined;
    if (account) notice?.(account, languageOf(ctx));
  };
}

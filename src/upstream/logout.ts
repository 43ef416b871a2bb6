import type { IdentityProviderConfig } from '../config/index.ts';
import type { AccountId } from '../oauth/index.ts';
import type { RelyingParty } from './relying-party.ts';
import type { EndedUpstream, UpstreamSessions } from './session.ts';

interface Parts {
  readonly relyingParty: Pick<RelyingParty, 'readLogoutToken'>;
  readonly sessions: UpstreamSessions;
  /** Ends our session, where it hangs on one like that; whose it was. */
  readonly endSession: (uid: string, on: EndedUpstream) => Promise<AccountId | undefined>;
  /** `false`: that token came before. Of parallel callers exactly one gets `true`. */
  readonly rememberToken: (provider: string, jti: string, expiresAt: number) => Promise<boolean>;
}

/** @returns whose sessions ended; @throws Error when the token is none */
export type BackchannelLogout = (
  provider: IdentityProviderConfig,
  token: string,
) => Promise<readonly AccountId[]>;

/** Ends here what has ended there: the sessions that a logout token names, by `sid`, by `sub`, or by both. */
export function createBackchannelLogout({
  relyingParty,
  sessions,
  endSession,
  rememberToken,
}: Parts): BackchannelLogout {
  return async (provider, text) => {
    const { sub, sid, jti, exp } = await relyingParty.readLogoutToken(provider, text);
    if (!(await rememberToken(provider.id, jti, exp)))
      throw new TypeError('the logout token was used before');
    const named: EndedUpstream = {
      provider: provider.id,
      ...(sub === undefined ? {} : { sub }),
      ...(sid === undefined ? {} : { sid }),
    };
    // First: who is on the way from there to a session here is not in the list yet, and looks for this when they are.
    await sessions.noteEnd(named, Date.now());
    const ended = await Promise.all((await sessions.of(named)).map((uid) => endSession(uid, named)));
    return ended.filter((accountId) => accountId !== undefined);
  };
}

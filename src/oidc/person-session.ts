import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';

import type { Config } from '../config/index.ts';
import type { AccountId } from '../oauth/index.ts';
import type { CarriedSignIn, UpstreamSession } from '../upstream/index.ts';
import { ROUTES, cookieOptions } from './configuration.ts';
import { loginOf } from './carried-sign-in.ts';

/** Where a person ends the session of this browser. */
export const SIGN_OUT_PATH = ROUTES.end_session;

/** Who is signed in to a browser, where no authorization request is. */
export interface PersonSessions {
  /** `undefined`: nobody. `id` is of use to nobody else, and stays the same until they sign out. */
  find(ctx: Context): Promise<{ readonly accountId: AccountId; readonly id: string } | undefined>;
  /** From now on this browser is theirs; a session of before ends, and with it what was granted for its time. */
  begin(ctx: Context, accountId: AccountId, carried?: CarriedSignIn): Promise<void>;
  /** Ends the session of this uid, where it hangs on one like that, with what was granted for its time. */
  end(uid: string, on: Partial<UpstreamSession>): Promise<AccountId | undefined>;
}

/**
 * The same sessions that authorization requests find, so that who signs in here need not sign in there.
 *
 * @param provider asked for each time: it is another one after a key rotation
 */
export function createPersonSessions(
  provider: () => Provider,
  config: Pick<Config, 'issuer' | 'tokens'>,
): PersonSessions {
  return {
    async find(ctx) {
      const { accountId, uid } = await provider().Session.get(ctx);
      return accountId === undefined ? undefined : { accountId, id: uid };
    },
    async begin(ctx, accountId, carried) {
      const { Session: sessions } = provider();
      const before = await sessions.get(ctx);
      if (before.accountId !== undefined) await before.destroy();
      // With an id of its own: nobody who knew the cookie of before signing in knows the one after it.
      const session = new sessions();
      const { ts: loginTs, ...login } = loginOf(accountId, carried);
      session.loginAccount({ ...login, ...(loginTs === undefined ? {} : { loginTs }) });
      if (carried) session.upstream = carried.upstream;
      await session.save(config.tokens.sessionSeconds);
      const { long, name } = cookieOptions(config.issuer);
      ctx.cookies.set(name, session.jti, { ...long, expires: new Date(session.exp * 1000) });
    },
    async end(uid, { provider: by, sub, sid }) {
      const session = await provider().Session.findByUid(uid);
      const hangsOn = session?.upstream;
      if (!session || hangsOn === undefined || hangsOn.provider !== by) return undefined;
      if ((sub ?? hangsOn.sub) !== hangsOn.sub || (sid ?? hangsOn.sid) !== hangsOn.sid) return undefined;
      await session.destroy();
      return session.accountId;
    },
  };
}

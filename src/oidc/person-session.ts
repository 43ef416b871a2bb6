import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';

import type { Config } from '../config/index.ts';
import type { AccountId, Clock } from '../oauth/index.ts';
import { ROUTES, cookieOptions } from './configuration.ts';
import { aboutOf, hasSlept } from './session-limits.ts';

/** Where a person ends the session of this browser. */
export const SIGN_OUT_PATH = ROUTES.end_session;

/** A visit is written down this often at most. */
const NOTED_EVERY_SECONDS = 30;

/** Who is signed in to a browser, where no authorization request is. */
export interface PersonSessions {
  /** `undefined`: nobody. `id` is of use to nobody else, and stays the same until they sign out. */
  find(ctx: Context): Promise<{ readonly accountId: AccountId; readonly id: string } | undefined>;
  /** From now on this browser is theirs; a session of before ends, and with it what was granted for its time. */
  begin(ctx: Context, accountId: AccountId): Promise<void>;
}

/**
 * The same sessions that authorization requests find, so that who signs in here need not sign in there.
 *
 * @param provider asked for each time: it is another one after a key rotation
 */
export function createPersonSessions(
  provider: () => Provider,
  config: Pick<Config, 'issuer' | 'tokens' | 'signIn'>,
  clock: Clock,
): PersonSessions {
  return {
    async find(ctx) {
      const session = await provider().Session.get(ctx);
      const { accountId, uid } = session;
      if (accountId === undefined || hasSlept(session, config, clock())) return undefined;
      if (clock() - (session.seenAt ?? 0) >= NOTED_EVERY_SECONDS) {
        session.about = aboutOf(ctx);
        await session.persist();
      }
      return { accountId, id: uid };
    },
    async begin(ctx, accountId) {
      const { Session: sessions } = provider();
      const before = await sessions.get(ctx);
      if (before.accountId !== undefined) await before.destroy();
      // With an id of its own: nobody who knew the cookie of before signing in knows the one after it.
      const session = new sessions();
      session.about = aboutOf(ctx);
      session.loginAccount({ accountId, amr: ['pwd'] });
      await session.save(config.tokens.sessionSeconds);
      const { long, name } = cookieOptions(config.issuer);
      ctx.cookies.set(name, session.jti, { ...long, expires: new Date(session.exp * 1000) });
    },
  };
}

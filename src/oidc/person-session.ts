import type { Context } from 'koa';
import { errors, type Provider, type Session } from 'oidc-provider';

import type { Config } from '../config/index.ts';
import { acrOf, amrOf, methodsSaid, type Method } from '../identity/index.ts';
import type { AccountId, Clock, EpochSeconds } from '../oauth/index.ts';
import type { CarriedSignIn, UpstreamSession } from '../upstream/index.ts';
import { ROUTES, cookieOptions } from './configuration.ts';
import { bindSession } from './carried-sign-in.ts';
import type { CapSessions } from './session-cap.ts';
import { aboutOf, hasSlept } from './session-limits.ts';

/** Where a person ends the session of this browser. */
export const SIGN_OUT_PATH = ROUTES.end_session;

/** A visit is written down this often at most. */
const NOTED_EVERY_SECONDS = 30;

interface FoundSession {
  readonly accountId: AccountId;
  /** Of use to nobody else, and the same until they sign out. */
  readonly id: string;
  /** What they showed; it need not be enough. */
  readonly methods: readonly Method[];
  /** When they showed the first of it. */
  readonly at: EpochSeconds;
}

/** Who is signed in to a browser, where no authorization request is. */
export interface PersonSessions {
  /** `undefined`: nobody. */
  find(ctx: Context): Promise<FoundSession | undefined>;
  /**
   * From now on this browser is theirs. A session of somebody else ends, and with it what was granted for its time; one of
   * their own goes on, as new.
   *
   * @param shown what they showed here, or how another provider signed them in
   */
  begin(ctx: Context, accountId: AccountId, shown: Method | CarriedSignIn): Promise<void>;
  /** They have shown this, too. Whoever knew the cookie of before does not know the one after it. */
  add(ctx: Context, method: Method): Promise<void>;
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
  config: Pick<Config, 'issuer' | 'tokens' | 'signIn'>,
  clock: Clock,
  cap: CapSessions,
): PersonSessions {
  const signIn = async (
    ctx: Context,
    session: Session,
    accountId: AccountId,
    { methods, at = clock() }: { readonly methods: readonly Method[]; readonly at?: number | undefined },
  ): Promise<void> => {
    session.about = aboutOf(ctx);
    session.loginAccount({ accountId, loginTs: at, amr: amrOf(methods), acr: acrOf(methods) });
    await session.save(config.tokens.sessionSeconds);
    const { long, name } = cookieOptions(config.issuer);
    ctx.cookies.set(name, session.jti, { ...long, expires: new Date(session.exp * 1000) });
  };
  return {
    async find(ctx) {
      const session = await provider().Session.get(ctx);
      const { accountId, uid } = session;
      if (accountId === undefined || hasSlept(session, config, clock())) return undefined;
      if (clock() - (session.seenAt ?? 0) >= NOTED_EVERY_SECONDS) {
        session.about = aboutOf(ctx);
        if (!(await isWritten(session))) return undefined;
      }
      const { amr, loginTs = 0 } = session;
      return { accountId, id: uid, methods: methodsSaid(amr), at: loginTs };
    },
    async begin(ctx, accountId, shown) {
      const { Session: sessions } = provider();
      const before = await sessions.get(ctx);
      const isOwn = before.accountId === accountId;
      if (before.accountId !== undefined && !isOwn) await before.destroy();
      // With an id of its own: nobody who knew the cookie of before signing in knows the one after it.
      if (isOwn) before.resetIdentifier();
      const session = isOwn ? before : new sessions();
      const carried = typeof shown === 'string' ? undefined : shown;
      bindSession(session, carried?.upstream);
      const how =
        typeof shown === 'string' ? { methods: [shown] } : { methods: [shown.method], at: shown.at };
      await signIn(ctx, session, accountId, how);
      await cap(ctx, accountId, session.uid);
    },
    async add(ctx, method) {
      const session = await provider().Session.get(ctx);
      const { accountId, amr, loginTs: at } = session;
      if (accountId === undefined) return;
      session.resetIdentifier();
      await signIn(ctx, session, accountId, { methods: [...methodsSaid(amr), method], at });
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

/** `false`: it has ended while this request was under way. */
async function isWritten(session: Session): Promise<boolean> {
  try {
    await session.persist();
    return true;
  } catch (error) {
    if (error instanceof errors.AccessDenied) return false;
    throw error;
  }
}

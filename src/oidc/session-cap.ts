import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { AccountId } from '../oauth/index.ts';

/** Ends the oldest sessions of somebody who has just begun this one, where they have too many (attack row A093). */
export type CapSessions = (ctx: Context, accountId: AccountId, uid: string) => Promise<void>;

/** For who has signed in on the way to an app: once their session is written, so that those who come at once see each other. */
export function capSessions(cap: CapSessions): Middleware {
  return async function capSessionsMiddleware(ctx, next) {
    await next();
    if (!('oidc' in ctx)) return;
    const { session, result } = (ctx as unknown as KoaContextWithOIDC).oidc;
    if (!session || !result?.login || Reflect.get(session, 'destroyed') === true) return;
    if (session.accountId !== undefined) await cap(ctx, session.accountId, session.uid);
  };
}

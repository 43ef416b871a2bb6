import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC, Provider, Session } from 'oidc-provider';

import { ROUTES } from './configuration.ts';
import type { ProviderParts } from './parts.ts';
import { keepInPayload } from './payload.ts';

/**
 * Keeps with a session what it hangs on, and notes it whenever the session is written, so that who ends that one finds
 * this one.
 */
export function carryUpstream(
  { Session: sessions }: Provider,
  { upstreamSessions, clock }: Pick<ProviderParts, 'upstreamSessions' | 'clock'>,
): void {
  const { prototype } = sessions;
  const save: (this: Session, ttl: number) => Promise<string> = Reflect.get(prototype, 'save');
  keepInPayload(sessions, ['upstream']);
  Object.defineProperty(prototype, 'save', {
    configurable: true,
    async value(this: Session, ttl: number) {
      if (this.upstream) await upstreamSessions.note(this.upstream, this.uid, clock() + ttl);
      return save.call(this, ttl);
    },
  });
}

/** After signing out here: on to sign out there, by a page of its own (a form may only lead to ourselves). */
export function signOutUpstream({
  signOutUpstream: leadOn,
}: Pick<ProviderParts, 'signOutUpstream'>): Middleware {
  return async function signOutUpstreamMiddleware(ctx, next) {
    await next();
    if (ctx.path !== `${ROUTES.end_session}/confirm` || ctx.status !== 303) return;
    const upstream = endedIn(ctx);
    if (!upstream) return;
    const shown = ctx as unknown as KoaContextWithOIDC;
    if (await leadOn(shown, upstream)) ctx.remove('Location');
  };
}

function endedIn(ctx: Context): Session['upstream'] {
  const { session } = 'oidc' in ctx ? (ctx as unknown as KoaContextWithOIDC).oidc : {};
  return session && Reflect.get(session, 'destroyed') === true ? session.upstream : undefined;
}

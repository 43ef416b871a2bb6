import type { Context, Middleware } from 'koa';
import { errors, type KoaContextWithOIDC, type Provider, type Session } from 'oidc-provider';

import { JUST_BOUND } from './carried-sign-in.ts';
import { ROUTES } from './configuration.ts';
import type { ProviderParts } from './parts.ts';
import { keepInPayload } from './payload.ts';
import { dropSessionCookie } from './session-writes.ts';

/**
 * Keeps with a session what it hangs on, and notes it whenever the session is written, so that who ends that one finds
 * this one.
 */
export function carryUpstream(
  provider: Provider,
  { upstreamSessions, clock }: Pick<ProviderParts, 'upstreamSessions' | 'clock'>,
): void {
  const { Session: sessions } = provider;
  const { prototype } = sessions;
  const save: (this: Session, ttl: number) => Promise<string> = Reflect.get(prototype, 'save');
  keepInPayload(sessions, ['upstream']);
  Object.defineProperty(prototype, 'save', {
    configurable: true,
    async value(this: Session, ttl: number) {
      const { upstream } = this;
      if (upstream) await upstreamSessions.note(upstream, this.uid, clock() + ttl);
      const id = await save.call(this, ttl);
      const isNew = Reflect.get(this, JUST_BOUND) === true;
      Reflect.deleteProperty(this, JUST_BOUND);
      // Whoever ended that one before it was noted here did not find this one.
      if (!upstream || !isNew || !(await upstreamSessions.hasEnded(upstream))) return id;
      await this.destroy();
      dropSessionCookie(provider);
      throw new errors.AccessDenied('the session at the identity provider has ended; sign in again');
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

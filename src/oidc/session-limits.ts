import type { Context } from 'koa';
import { Provider, interactionPolicy, type Session } from 'oidc-provider';

import type { Config } from '../config/index.ts';
import { browserName, type BrowserName } from '../identity/index.ts';
import { networkOf } from '../limits/index.ts';
import type { Clock, EpochSeconds } from '../oauth/index.ts';
import type { UpstreamSession } from '../upstream/index.ts';
import { keepInPayload } from './payload.ts';

const { Check } = interactionPolicy;

/** What we write with a session beside what the provider does. */
export interface OwnSession {
  loginTs?: EpochSeconds | undefined;
  /** When its person was last here. */
  seenAt?: EpochSeconds | undefined;
  upstream?: Pick<UpstreamSession, 'since'>;
  about?: BrowserName & { readonly network?: string };
}

declare module 'oidc-provider' {
  interface Session {
    seenAt?: number;
    about?: BrowserName & { readonly network?: string };
  }
}

type Limits = Pick<Config, 'tokens' | 'signIn'>;

/**
 * So long without a visit, nobody knows who sits there; and in its time it is over, also where the store has not forgotten it
 * yet. Only signing in wakes a session that has slept.
 */
export function hasSlept(session: OwnSession, { signIn, tokens }: Limits, now: EpochSeconds): boolean {
  const began = beganAt(session) ?? 0;
  const { seenAt = 0 } = session;
  return now - Math.max(seenAt, began) > signIn.idleSeconds || now - began >= tokens.sessionSeconds;
}

/** A provider may have asked the person long before it sent them here. */
function beganAt({ loginTs, upstream }: OwnSession): EpochSeconds | undefined {
  return upstream?.since ?? loginTs;
}

/**
 * A session ends in its time after signing in, and sleeps when nobody comes (attack row A091). The provider has neither: it
 * makes a session last as long again with every request that finds it.
 */
export function limitSessions(
  provider: Provider,
  { config, clock }: { readonly config: Limits; readonly clock: Clock },
): void {
  keepInPayload(provider.Session, ['seenAt', 'about']);
  const { prototype } = provider.Session;
  const save: (this: Session, ttl: number) => Promise<string> = Reflect.get(prototype, 'save');
  Object.defineProperty(prototype, 'save', {
    configurable: true,
    value(this: Session & OwnSession, ttl: number) {
      if (this.accountId === undefined) return save.call(this, ttl);
      const now = clock();
      const { ctx } = Provider;
      if (!hasSlept(this, config, now)) this.seenAt = now;
      if (ctx) this.about = aboutOf(ctx);
      const left = (beganAt(this) ?? now) + config.tokens.sessionSeconds - now;
      return save.call(this, Math.max(1, Math.min(ttl, left)));
    },
  });
}

/** Asks who sleeps to sign in again; nothing an app sends keeps it from that (attack row A090). */
export function idleCheck(config: Limits, clock: Clock): interactionPolicy.Check {
  return new Check('session_idle', 'nobody was here for too long', 'login_required', (ctx) => {
    const { session, result } = ctx.oidc;
    if (session?.accountId === undefined || result?.login) return Check.NO_NEED_TO_PROMPT;
    return hasSlept(session, config, clock()) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
}

export function aboutOf(ctx: Pick<Context, 'get' | 'ip'>): NonNullable<OwnSession['about']> {
  return { ...browserName(ctx.get('user-agent')), network: networkOf(ctx.ip) };
}

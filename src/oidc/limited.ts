import type { Context, Middleware } from 'koa';
import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';

import { networkOf, type LimitName, type RequestLimits } from '../limits/index.ts';
import { ROUTES } from './configuration.ts';
import { changeForm } from './form-body.ts';
import { hasProved } from './proof.ts';

/** Revocation is not among them: taking a right away must always be possible. */
const PER_CLIENT: ReadonlyMap<string, LimitName> = new Map([
  [ROUTES.token, 'tokensPerClient'],
  [ROUTES.introspection, 'introspectionsPerClient'],
]);
const BEARER = /^Bearer /i;

/** Authorization requests, which anybody may send, are limited by address (attack rows A049, A196). */
export function limitAuthorizations(limits: RequestLimits): Middleware {
  return async function limitAuthorizationsMiddleware(ctx, next) {
    if (ctx.path === ROUTES.authorization) {
      const wait = await limits.take('authorizationsPerAddress', networkOf(ctx.ip));
      if (wait > 0) {
        ctx.set('Retry-After', String(wait));
        ctx.throw(429, `too many authorization requests from this address; try again in ${wait} seconds`);
      }
    }
    await next();
  };
}

/**
 * Shuts out an address whose callers failed to prove who they are too often. Failures are counted for all nodes after
 * the answer; each node asks nobody, and knows of a limit that was met elsewhere from the next failure it sees.
 */
export function limitFailures(limits: RequestLimits, applies: (path: string) => boolean): Middleware {
  return async function limitFailuresMiddleware(ctx, next) {
    if (ctx.method !== 'POST' || !applies(ctx.path)) {
      await next();
      return;
    }
    const from = networkOf(ctx.ip);
    const wait = limits.known('failuresPerAddress', from);
    if (wait > 0) {
      refuseTooMany(ctx, wait, 'failed authentications from this address');
      return;
    }
    await next();
    if (hasFailed(ctx)) limits.note('failuresPerAddress', from);
  };
}

/** Some claims to be a client are refused for their form, before anybody looks at what should prove them. */
function hasFailed(ctx: Context): boolean {
  if (ctx.status !== 400 || !PER_CLIENT.has(ctx.path)) return ctx.status === 401;
  const { body } = 'oidc' in ctx ? (ctx as unknown as KoaContextWithOIDC).oidc : {};
  return claimsProof(ctx, body?.['client_assertion'] !== undefined) && !hasProved(ctx);
}

export function mayFail(path: string): boolean {
  return PER_CLIENT.has(path) || path === '/launches';
}

/** Limits what one client asks for, by the client id it claims to have. */
export function limitClients(limits: RequestLimits): Middleware {
  return async function limitClientsMiddleware(ctx, next) {
    const limit = PER_CLIENT.get(ctx.path);
    if (ctx.method !== 'POST' || limit === undefined || limits.isOff(limit)) {
      await next();
      return;
    }
    let form = new URLSearchParams();
    const isRead = await changeForm(ctx, async (sent) => {
      form = sent;
      return undefined;
    });
    if (!isRead) return;
    const whose = claimant(ctx, form);
    try {
      if (await withinLimit(ctx, limits, limit, whose)) await next();
    } finally {
      // Somebody else cannot use up what is another's by calling himself so, nor by asking more often than is let through.
      if (claimsProof(ctx, form.has('client_assertion')) && !hasProved(ctx)) limits.giveBack(limit, whose);
    }
  };
}

/** Counts one request; answers 429 itself when it was one too many. */
export async function withinLimit(
  ctx: Context,
  limits: RequestLimits,
  limit: LimitName,
  whose: string,
): Promise<boolean> {
  const wait = await limits.take(limit, whose);
  if (wait > 0) refuseTooMany(ctx, wait, 'requests of this client');
  return wait === 0;
}

function refuseTooMany(ctx: Context, wait: number, what: string): void {
  ctx.status = 429;
  ctx.set('Retry-After', String(wait));
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: `too many ${what}; try again in ${wait} seconds`,
  };
}

/**
 * Whose request this is, by its own word. A public client proves nothing, and runs on many devices at once: it has a limit
 * for each address.
 */
function claimant(ctx: Context, form: URLSearchParams): string {
  const header = ctx.get('Authorization');
  const named =
    basicName(header) ?? assertionName(form.get('client_assertion')) ?? form.get('client_id') ?? '';
  return claimsProof(ctx, form.has('client_assertion'))
    ? `client ${named}`
    : `public ${networkOf(ctx.ip)} ${named}`;
}

/** Is something sent that should prove who asks? A bearer token is looked at elsewhere. */
function claimsProof(ctx: Context, sendsAssertion: boolean): boolean {
  const header = ctx.get('Authorization');
  return (header !== '' && !BEARER.test(header)) || sendsAssertion;
}

function basicName(header: string): string | undefined {
  const [, encoded] = /^Basic (\S+)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const [name = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

function assertionName(assertion: string | null): string | undefined {
  if (assertion === null) return undefined;
  try {
    return decodeJwt(assertion).sub;
  } catch {
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';

const SECONDS = 600;
const SECRET = /^[\w-]{43}$/;

function nameFor(issuer: string): string {
  return issuer.startsWith('https:') ? '__Host-gatehouse-sign-in' : 'gatehouse-sign-in';
}

/** What only this browser knows; of two sign-ins at once both have the same. */
export function secretOf(ctx: Context, issuer: string): string | undefined {
  const secret = ctx.cookies.get(nameFor(issuer), { signed: false });
  return secret !== undefined && SECRET.test(secret) ? secret : undefined;
}

/** Gives the browser such a secret, where it has none, for ten minutes from now. */
export function keepSecret(ctx: Context, issuer: string): string {
  const secret = secretOf(ctx, issuer) ?? randomBytes(32).toString('base64url');
  ctx.cookies.set(nameFor(issuer), secret, {
    ...{ httpOnly: true, sameSite: 'lax', secure: issuer.startsWith('https:'), signed: false, path: '/' },
    maxAge: SECONDS * 1000,
  });
  return secret;
}

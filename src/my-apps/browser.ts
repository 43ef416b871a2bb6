import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';

const COOKIE = 'gatehouse-browser';
const MINUTES_MS = 10 * 60 * 1000;

/** A name for this browser while nobody is signed in to it: what a passkey signs for one is of no use in another. */
export function browserOf(ctx: Context, issuer: string): string {
  const secure = issuer.startsWith('https:');
  const cookie = secure ? `__Host-${COOKIE}` : COOKIE;
  const known = ctx.cookies.get(cookie, { signed: true });
  if (known !== undefined) return `browser ${known}`;
  const name = randomBytes(24).toString('base64url');
  ctx.cookies.set(cookie, name, {
    ...{ signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: MINUTES_MS },
  });
  return `browser ${name}`;
}

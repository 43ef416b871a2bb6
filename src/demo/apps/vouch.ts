import type { Context } from 'koa';

/** Says who is signed in to the EHR, in a form that Gatehouse believes. */
export type VouchForUser = (asked: {
  readonly username: string;
  readonly nonce: string;
  readonly launch: string;
}) => Promise<string>;

/** The EHR's own session, as far as a simulator needs one: who is signed in. */
const COOKIE = 'demo-ehr-user';

/** @param username of whoever is signed in to the EHR; `undefined`: the EHR answers for nobody */
export function rememberUser(ctx: Context, username: string | undefined): void {
  ctx.cookies.set(COOKIE, username ?? null, { httpOnly: true, sameSite: 'lax', path: '/sign-in' });
}

/** Gatehouse asks who is at this browser: the answer goes back the way it came, and nowhere else. */
export async function vouchFor(
  ctx: Context,
  { issuer, vouch }: { readonly issuer: string; readonly vouch: VouchForUser },
): Promise<void> {
  const text = (name: string): string => [ctx.query[name]].flat()[0] ?? '';
  const back = URL.parse(text('return_to'));
  if (!back || back.origin !== new URL(issuer).origin || text('iss') !== issuer) ctx.throw(400);
  const username = ctx.cookies.get(COOKIE);
  if (username === undefined) back.searchParams.set('error', 'login_required');
  else {
    const asked = { username, nonce: text('nonce'), launch: text('launch') };
    back.searchParams.set('assertion', await vouch(asked));
  }
  ctx.redirect(back.href);
  ctx.status = 303;
}

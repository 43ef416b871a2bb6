import type { Context } from 'koa';

import { MAX_FIELD_LENGTH, attemptInWords, attemptSignIn } from '../identity/index.ts';
import type { MyAppsParts } from './parts.ts';
import { MY_APPS_PATH } from './path.ts';

const STEP = 'sign-in';
const LEAD = 'Sign in to see which apps can use health records, and to stop them.';

/** @param said what was wrong with the last try, and the user name of it */
export function showSignIn(
  ctx: Context,
  { render }: MyAppsParts,
  said: { readonly error?: string; readonly username?: string } = {},
): void {
  // A form that another site sends is refused in front of us; there is no session yet to bind a token to.
  const form = { action: MY_APPS_PATH, step: STEP };
  render(ctx, 'login', { lead: LEAD, form, ...said }, said.error === undefined ? 200 : 422);
}

/** Signs in this browser and shows the page anew. A form without a user name, from a page of before, asks again. */
export async function takeSignIn(ctx: Context, fields: URLSearchParams, parts: MyAppsParts): Promise<void> {
  const username = fields.get('username');
  if (fields.get('step') !== STEP || username === null) return showSignIn(ctx, parts);
  const attempt = { username, password: fields.get('password') ?? '', address: ctx.ip };
  const result = await attemptSignIn(parts.accounts, parts.throttle, attempt);
  const seen = { reference: parts.referenceOf(ctx), address: ctx.ip };
  if (!result.ok) {
    if (result.reason !== 'too-many') {
      const { reason } = result;
      const usernameHash = parts.usernameHash(username);
      await parts.audit.record({ type: 'sign-in', outcome: 'refused', reason, usernameHash, ...seen });
    }
    showSignIn(ctx, parts, { error: attemptInWords(result), username: username.slice(0, MAX_FIELD_LENGTH) });
    if (result.reason === 'too-many') {
      ctx.set('Retry-After', String(result.seconds));
      ctx.status = 429;
    }
    return;
  }
  const { accountId } = result.account;
  await parts.sessions.begin(ctx, accountId);
  await parts.audit.record({ type: 'sign-in', outcome: 'success', accountId, ...seen });
  ctx.redirect(MY_APPS_PATH);
  ctx.status = 303;
}

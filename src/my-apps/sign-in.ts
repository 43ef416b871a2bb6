import type { Context } from 'koa';

import {
  MAX_FIELD_LENGTH,
  attemptAsEvent,
  attemptInWords,
  attemptSignIn,
  secondsToWait,
} from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { MyAppsParts } from './parts.ts';
import { MY_APPS_PATH, backToList } from './path.ts';
import { providersOn } from './provider-buttons.ts';

export const STEP = 'sign-in';

/** @param said what was wrong with the last try, and the user name of it */
export function showSignIn(
  ctx: Context,
  { render, providers }: MyAppsParts,
  said: { readonly error?: string; readonly username?: string } = {},
): void {
  // A form that another site sends is refused in front of us; there is no session yet to bind a token to.
  const form = { action: MY_APPS_PATH, step: STEP };
  const lead = languageOf(ctx).say('login.for-my-apps');
  render(
    ctx,
    'login',
    { lead, form, ...providersOn(ctx, providers), ...said },
    said.error === undefined ? 200 : 422,
  );
}

/** Signs in this browser and shows the page anew. A form without a user name, from a page of before, asks again. */
export async function takeSignIn(ctx: Context, fields: URLSearchParams, parts: MyAppsParts): Promise<void> {
  const username = fields.get('username');
  if (fields.get('step') !== STEP || username === null) return showSignIn(ctx, parts);
  const attempt = { username, password: fields.get('password') ?? '', address: ctx.ip };
  const result = await attemptSignIn(parts.accounts, parts.throttle, attempt);
  if (result.ok) await parts.sessions.begin(ctx, result.account.accountId);
  const event = attemptAsEvent(result, parts.usernameHash(username));
  const seen = { reference: parts.referenceOf(ctx), address: ctx.ip };
  if (event) await parts.audit.record({ type: 'sign-in', ...event, ...seen });
  if (result.ok) return backToList(ctx);
  const error = attemptInWords(result, languageOf(ctx));
  showSignIn(ctx, parts, { error, username: username.slice(0, MAX_FIELD_LENGTH) });
  const wait = secondsToWait(result);
  if (wait === 0) return;
  ctx.set('Retry-After', String(wait));
  ctx.status = 429;
}

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
import { showPasskeySignIn, takePasskeySignIn } from '../second-step/index.ts';
import { browserOf } from './browser.ts';
import { FORGOTTEN_PATH, goTo, homeOf, isAccount } from './path.ts';
import { providersOn } from './provider-buttons.ts';

export const STEP = 'sign-in';

/** @param said what was wrong with the last try, and the user name of it */
export async function showSignIn(
  ctx: Context,
  parts: MyAppsParts,
  said: { readonly error?: string; readonly username?: string } = {},
): Promise<void> {
  if (ctx.query['way'] === 'passkey' && parts.providers.takesPasswords())
    return showPasskeySignIn(placeOf(ctx, parts), parts.secondStep);
  // A form that another site sends is refused in front of us; there is no session yet to bind a token to.
  const form = { action: homeOf(ctx), step: STEP };
  const lead = languageOf(ctx).say(isAccount(ctx.path) ? 'login.for-account' : 'login.for-my-apps');
  const own = parts.providers.takesPasswords()
    ? { passkeyHref: `${homeOf(ctx)}?way=passkey`, forgottenHref: FORGOTTEN_PATH }
    : {};
  const data = { lead, form, ...own, ...providersOn(ctx, parts.providers), ...said };
  parts.render(ctx, 'login', data, said.error === undefined ? 200 : 422);
}

/** Signs in this browser and shows the page anew. A form without a user name, from a page of before, asks again. */
export async function takeSignIn(ctx: Context, fields: URLSearchParams, parts: MyAppsParts): Promise<void> {
  if (fields.get('step') === STEP && fields.has('passkey')) return takePasskey(ctx, fields, parts);
  const username = fields.get('username');
  if (fields.get('step') !== STEP || username === null) return showSignIn(ctx, parts);
  const attempt = { username, password: fields.get('password') ?? '', address: ctx.ip };
  const result = await attemptSignIn(parts.accounts, parts.throttle, attempt);
  const event = attemptAsEvent(result, parts.usernameHash(username));
  const seen = { reference: parts.referenceOf(ctx), address: ctx.ip };
  if (event) await parts.audit.record({ type: 'sign-in', ...event, ...seen });
  if (result.ok) await parts.sessions.begin(ctx, result.account.accountId, 'password');
  if (result.ok) return goTo(ctx, homeOf(ctx));
  const error = attemptInWords(result, languageOf(ctx));
  await showSignIn(ctx, parts, { error, username: username.slice(0, MAX_FIELD_LENGTH) });
  const wait = secondsToWait(result);
  if (wait === 0) return;
  ctx.set('Retry-After', String(wait));
  ctx.status = 429;
}

async function takePasskey(ctx: Context, fields: URLSearchParams, parts: MyAppsParts): Promise<void> {
  const read = (name: string): string => fields.get(name) ?? '';
  const result = await takePasskeySignIn(placeOf(ctx, parts), read, parts.secondStep);
  if (result === 'shown') return;
  await parts.sessions.begin(ctx, result.account.accountId, result.method);
  goTo(ctx, homeOf(ctx));
}

function placeOf(ctx: Context, { referenceOf, config }: MyAppsParts) {
  const action = homeOf(ctx);
  return {
    ...{ ctx, action, step: STEP, out: {}, binding: browserOf(ctx, config.issuer) },
    form: (step: string) => ({ action, step }),
    seen: { reference: referenceOf(ctx), address: ctx.ip },
  };
}

import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';

import { finishReset, requestReset, safeLength, type Role } from '../../identity/index.ts';
import { languageOf } from '../../language/index.ts';
import { codeMail } from '../../second-step/index.ts';
import type { MyAppsParts } from '../parts.ts';
import { FORGOTTEN_PATH, goTo, wayBack } from '../path.ts';
import { postedFields } from '../person.ts';
import { problemInWords } from './password.ts';

const CODE_PATH = `${FORGOTTEN_PATH}/code`;
const DONE_PATH = `${FORGOTTEN_PATH}/done`;

/**
 * Another password for who has forgotten theirs: a user name, a code by mail or from staff, a password. Whoever it is and
 * whether there is such a person, every page and answer is the same (attack row A075). Who was on the way to an app goes on there.
 */
export function forgottenRoutes(router: Router, parse: Middleware, parts: MyAppsParts): void {
  const post = (path: string, take: (ctx: Context, fields: URLSearchParams) => Promise<void>): void => {
    router.post(path, parse, (ctx) => take(ctx, postedFields(ctx)));
  };
  router.get(FORGOTTEN_PATH, (ctx) => ask(ctx, parts));
  post(FORGOTTEN_PATH, (ctx, fields) => send(ctx, fields.get('username') ?? '', parts));
  router.get(CODE_PATH, (ctx) => askForCode(ctx, parts));
  post(CODE_PATH, (ctx, fields) => finish(ctx, fields, parts));
  router.get(DONE_PATH, (ctx) => done(ctx, parts));
}

function ask(
  ctx: Context,
  { render, mailed }: MyAppsParts,
  said: { error?: string; status?: number } = {},
): void {
  const { status = 200, ...shown } = said;
  const { to, home } = wayBack(ctx);
  const form = { action: to(FORGOTTEN_PATH) };
  const data = { form, canMail: mailed !== undefined, codeHref: to(CODE_PATH), backHref: home, ...shown };
  render(ctx, 'forgotten', data, status);
}

async function send(ctx: Context, username: string, parts: MyAppsParts): Promise<void> {
  const seconds = await parts.waitForReset(ctx.ip);
  if (seconds > 0) {
    ctx.set('Retry-After', String(seconds));
    const minutes = Math.ceil(seconds / 60);
    return ask(ctx, parts, { status: 429, error: languageOf(ctx).say('login.wait', { minutes }) });
  }
  const { mailed, accounts } = parts;
  if (mailed) requestReset({ ...mailed, accounts }, username, codeMail(ctx, parts.brandName, 'password'));
  // No user name in an address: it would stand in the history of the browser.
  askForCode(ctx, parts, { username });
}

function askForCode(
  ctx: Context,
  { render, mailed, config }: MyAppsParts,
  said: { readonly error?: string; readonly username?: string; readonly status?: number } = {},
): void {
  const { status = 200, ...shown } = said;
  const rules = languageOf(ctx).say('password.rules', { min: safeLength(Object.values(config.signIn.mfa)) });
  const { to } = wayBack(ctx);
  const links = { form: { action: to(CODE_PATH) }, backHref: to(FORGOTTEN_PATH) };
  const data = { ...links, sent: mailed !== undefined, rules };
  render(ctx, 'forgotten-code', { ...data, ...shown }, status);
}

function done(ctx: Context, { render }: MyAppsParts): void {
  const { home, isBack } = wayBack(ctx);
  render(ctx, 'password-set', { signInHref: home, ...(isBack ? { isBack } : {}) });
}

async function finish(ctx: Context, fields: URLSearchParams, parts: MyAppsParts): Promise<void> {
  const { say } = languageOf(ctx);
  const read = (name: string): string => fields.get(name) ?? '';
  const username = read('username');
  const again = (error: string, status = 422): void => askForCode(ctx, parts, { error, username, status });
  if (read('password') !== read('again')) return again(say('password.differs'));
  const form = { username, code: read('code'), password: read('password'), address: ctx.ip };
  const result = await finishReset(resetParts(parts), form);
  if (!result.ok && result.reason === 'too-many') {
    ctx.set('Retry-After', String(result.seconds));
    return again(say('login.wait', { minutes: Math.ceil(result.seconds / 60) }), 429);
  }
  if (!result.ok && result.reason === 'password')
    return again(problemInWords(result.problem, languageOf(ctx)));
  const seen = { reference: parts.referenceOf(ctx), address: ctx.ip };
  const change = { type: 'account.changed', change: 'password', what: 'reset' } as const;
  if (!result.ok) {
    await parts.audit.record({ ...change, outcome: 'refused', ...seen });
    return again(say('forgotten.wrong'));
  }
  const { account } = result;
  await parts.audit.record({ ...change, outcome: 'success', accountId: account.accountId, ...seen });
  parts.secondStep.notice(ctx, account);
  goTo(ctx, wayBack(ctx).to(DONE_PATH));
}

function resetParts(parts: MyAppsParts) {
  const { accounts, config, sessionList, isBreached, oneTime, secondStep } = parts;
  return {
    ...oneTime,
    ...{ accounts, throttle: secondStep.throttle },
    ruleOf: ({ role }: { readonly role: Role }) => config.signIn.mfa[role],
    endSessions: (accountId: string) => sessionList.endAll(accountId),
    ...(isBreached ? { isBreached } : {}),
  };
}

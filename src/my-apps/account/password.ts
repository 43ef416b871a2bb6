import type { Context } from 'koa';

import { checkPassword, hashPassword, passwordRulesOf, type PasswordProblem } from '../../identity/index.ts';
import { languageOf, type Language } from '../../language/index.ts';
import type { MyAppsParts } from '../parts.ts';
import { ACCOUNT_PATH, goTo } from '../path.ts';
import { formOf, isOwnForm, type Person } from '../person.ts';
import { done } from './overview.ts';
import { signOutElsewhere } from './sessions.ts';

const STEP = 'password';

export async function showPassword(
  ctx: Context,
  person: Person,
  parts: MyAppsParts,
  error?: string,
): Promise<void> {
  const { username, passwordHash } = person.account;
  if (passwordHash === undefined) return goTo(ctx, ACCOUNT_PATH);
  const data = {
    ...{ username, rules: languageOf(ctx).say('password.rules', { min: rulesOf(person, parts).minLength }) },
    form: formOf(person, `${ACCOUNT_PATH}/password`, STEP),
    ...{ backHref: ACCOUNT_PATH, ...(error === undefined ? {} : { error }) },
  };
  parts.render(ctx, 'change-password', data, error === undefined ? 200 : 422);
}

/** Another password, for who has one here; every other browser is signed out. */
export async function takePassword(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const { say } = languageOf(ctx);
  if (person.account.passwordHash === undefined) return goTo(ctx, ACCOUNT_PATH);
  const password = fields.get('password') ?? '';
  if (!isOwnForm(person, fields, STEP)) return showPassword(ctx, person, parts, say('my-apps.expired'));
  if (password !== fields.get('again')) return showPassword(ctx, person, parts, say('password.differs'));
  const checked = await checkPassword(password, rulesOf(person, parts));
  const change = { type: 'account.changed', change: 'password' } as const;
  const seen = { reference: parts.referenceOf(ctx), address: ctx.ip };
  const { accountId } = person.account;
  if (!checked.ok) {
    await parts.audit.record({ ...change, outcome: 'refused', accountId, ...seen });
    return showPassword(ctx, person, parts, problemInWords(checked.problem, languageOf(ctx)));
  }
  const passwordHash = await hashPassword(password);
  await parts.accounts.change(accountId, (current) => ({ ...current, passwordHash }));
  await signOutElsewhere(person, parts);
  await parts.audit.record({ ...change, outcome: 'success', accountId, ...seen });
  parts.secondStep.notice(ctx, person.account);
  done(ctx, 'password');
}

export function problemInWords(problem: PasswordProblem, { say }: Language): string {
  return say(`password.${problem.code}`, 'at' in problem ? { at: problem.at } : {});
}

function rulesOf({ account }: Person, { config, isBreached }: MyAppsParts) {
  return passwordRulesOf(account, config.signIn.mfa[account.role], isBreached);
}

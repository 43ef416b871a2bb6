import type { Context } from 'koa';

import { hasSecondFactor } from '../../identity/index.ts';
import {
  showNewApp,
  showNewPasskey,
  showPrintedCodes,
  takeEnrolment,
  type Occasion,
} from '../../second-step/index.ts';
import type { MyAppsParts } from '../parts.ts';
import { ACCOUNT_PATH, goTo } from '../path.ts';
import { formOf, isOwnForm, type Person } from '../person.ts';
import { done } from './overview.ts';

const CODES = 'new-codes';

export function showNewAppPage(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  return showNewApp(occasionOf(ctx, person, parts), parts.secondStep);
}

export function showNewPasskeyPage(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  return showNewPasskey(occasionOf(ctx, person, parts), parts.secondStep);
}

/** With the first factor come the printed codes; with more, those of before stay good. */
export async function takeNewFactor(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  if (!isOwnForm(person, fields, 'enrol')) return goTo(ctx, ctx.path);
  const occasion = occasionOf(ctx, person, parts);
  const added = await takeEnrolment(occasion, (name) => fields.get(name) ?? '', parts.secondStep);
  if (added === 'shown') return;
  // Without it, the code that was just shown would be asked for again.
  if (added === 'totp') await parts.sessions.add(ctx, added);
  const { recoveryCodes = [] } = await parts.factors.read(person.account.accountId);
  if (recoveryCodes.length > 0) return done(ctx, 'added');
  await showPrintedCodes(occasion, ACCOUNT_PATH, parts.secondStep);
}

/** Asks first: those of before are no good any more. */
export async function showNewCodesPage(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  if (!hasSecondFactor(await parts.factors.read(person.account.accountId))) return goTo(ctx, ACCOUNT_PATH);
  const form = formOf(person, ctx.path, CODES);
  parts.render(ctx, 'new-codes', { form, backHref: ACCOUNT_PATH });
}

export async function takeNewCodes(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const factors = await parts.factors.read(person.account.accountId);
  if (!hasSecondFactor(factors) || !isOwnForm(person, fields, CODES)) return goTo(ctx, ctx.path);
  await showPrintedCodes(occasionOf(ctx, person, parts), ACCOUNT_PATH, parts.secondStep);
}

function occasionOf(ctx: Context, person: Person, { referenceOf }: MyAppsParts): Occasion {
  const { account, sessionId } = person;
  return {
    ...{ ctx, account, binding: sessionId, action: ctx.path, out: { backHref: ACCOUNT_PATH } },
    form: (step) => formOf(person, ctx.path, step),
    seen: { reference: referenceOf(ctx), address: ctx.ip },
  };
}

import type { Context } from 'koa';
import { z } from 'zod';

import { confirmAddress, mailAddressCode } from '../../identity/index.ts';
import { languageOf } from '../../language/index.ts';
import { codeMail } from '../../second-step/index.ts';
import type { MyAppsParts } from '../parts.ts';
import { ACCOUNT_PATH, goTo } from '../path.ts';
import { formOf, isOwnForm, type Person } from '../person.ts';
import { done } from './overview.ts';

const STEP = 'email';
const address = z.email().max(254);

/** @param pending an address that a code was sent to */
export async function showEmail(
  ctx: Context,
  person: Person,
  { render, mailed }: MyAppsParts,
  said: { readonly error?: string; readonly pending?: string } = {},
): Promise<void> {
  if (!mailed) return goTo(ctx, ACCOUNT_PATH);
  const { error, pending } = said;
  const hidden = pending === undefined ? [] : [{ name: 'address', value: pending }];
  const form = { ...formOf(person, `${ACCOUNT_PATH}/email`, STEP), hidden };
  const { email } = person.account;
  const data = { form, backHref: ACCOUNT_PATH, ...said, ...(email === undefined ? {} : { email }) };
  render(ctx, 'email-address', data, error === undefined ? 200 : 422);
}

/** An address, and a code goes there; or the code, and from then on the address is theirs. */
export async function takeEmail(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const { say } = languageOf(ctx);
  const { mailed, accounts } = parts;
  if (!mailed || !isOwnForm(person, fields, STEP)) return goTo(ctx, ctx.path);
  const { account } = person;
  const parsed = address.safeParse((fields.get('address') ?? '').trim());
  if (!parsed.success) return showEmail(ctx, person, parts, { error: say('email-address.invalid') });
  const pending = parsed.data;
  const code = fields.get('code');
  if (code === null) {
    mailAddressCode(mailed, account.accountId, pending, codeMail(ctx, parts.brandName, 'address'));
    return showEmail(ctx, person, parts, { pending });
  }
  const result = await confirmAddress({ ...mailed, accounts }, account.accountId, pending, code);
  if (result === 'wrong') return showEmail(ctx, person, parts, { pending, error: say('second-step.wrong') });
  if (result === 'gone') return showEmail(ctx, person, parts, { error: say('email-address.gone') });
  await parts.audit.record({
    ...{ type: 'account.changed', outcome: 'success', change: 'email', accountId: account.accountId },
    ...{ reference: parts.referenceOf(ctx), address: ctx.ip },
  });
  // To the address of before: its owner learns it there.
  parts.secondStep.notice(ctx, account);
  done(ctx, 'email');
}

import type { Context } from 'koa';

import { hasSecondFactor, removeFactor, type FactorName, type Factors } from '../../identity/index.ts';
import { languageOf, type Language } from '../../language/index.ts';
import type { MyAppsParts } from '../parts.ts';
import { ACCOUNT_PATH, MY_APPS_PATH, goTo } from '../path.ts';
import { formOf, isOwnForm, type Person, type Said } from '../person.ts';
import { sessionsInWords, signOut, signOutEverywhere } from './sessions.ts';

const STEP = 'account';
const TOTP = 'app';
const KEY = 'passkey ';

/** In the address after a change: what was done. */
const DONE = ['password', 'added', 'removed', 'email', 'signed-out'] as const;
type Done = (typeof DONE)[number];

export async function showAccount(
  ctx: Context,
  person: Person,
  parts: MyAppsParts,
  said: Said = saidOf(ctx),
): Promise<void> {
  const { account } = person;
  const factors = await parts.factors.read(account.accountId);
  const data = {
    ...{
      user: { name: account.name, username: account.username },
      ...(account.passwordHash === undefined ? {} : { passwordHref: `${ACCOUNT_PATH}/password` }),
      ...factorsInWords(factors, languageOf(ctx)),
    },
    ...(parts.mailed
      ? {
          email: {
            href: `${ACCOUNT_PATH}/email`,
            ...(account.email === undefined ? {} : { address: account.email }),
          },
        }
      : {}),
    sessions: await sessionsInWords(ctx, person, parts),
    form: formOf(person, ACCOUNT_PATH, STEP),
    ...{ backHref: MY_APPS_PATH, signOutHref: parts.signOutPath, ...said },
  };
  parts.render(ctx, 'account', data, said.error === undefined ? 200 : 422);
}

/** Removes a factor, or signs out elsewhere. */
export async function takeAccount(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const { say } = languageOf(ctx);
  if (!isOwnForm(person, fields, STEP))
    return showAccount(ctx, person, parts, { error: say('my-apps.expired') });
  if (fields.has('everywhere')) return signOutEverywhere(ctx, person, parts);
  const session = fields.get('session');
  if (session !== null) {
    await signOut(ctx, person, session, parts);
    return done(ctx, 'signed-out');
  }
  return remove(ctx, person, fields.get('remove') ?? '', parts);
}

export function done(ctx: Context, what: Done): void {
  goTo(ctx, `${ACCOUNT_PATH}?done=${what}`);
}

async function remove(ctx: Context, person: Person, ref: string, parts: MyAppsParts): Promise<void> {
  const { account } = person;
  const { accountId, role } = account;
  const which: FactorName = ref === TOTP ? { kind: 'totp' } : { kind: 'passkey', id: ref.slice(KEY.length) };
  const result = await removeFactor(parts.factors, accountId, which, parts.config.signIn.mfa[role]);
  if (result === 'last') {
    return showAccount(ctx, person, parts, { error: languageOf(ctx).say('account.last') });
  }
  if (result === 'removed') {
    await parts.audit.record({
      ...{ type: 'account.changed', outcome: 'success', change: 'factors-removed', what: which.kind },
      ...{ accountId, reference: parts.referenceOf(ctx), address: ctx.ip },
    });
  }
  if (result === 'removed') parts.secondStep.notice(ctx, account);
  done(ctx, 'removed');
}

function saidOf(ctx: Context): Said {
  const what = DONE.find((one) => one === ctx.query['done']);
  return what === undefined ? {} : { notice: languageOf(ctx).say(`account.done-${what}`) };
}

function factorsInWords(factors: Factors, { say, date }: Language): object {
  const { totp, passkeys, recoveryCodes = [] } = factors;
  return {
    app: {
      href: `${ACCOUNT_PATH}/app`,
      ...(totp ? { ref: TOTP, since: say('account.since', { date: date(totp.addedAt) }) } : {}),
    },
    passkeys: passkeys.map(({ id, name, addedAt, lastUsedAt }) => ({
      ref: `${KEY}${id}`,
      name: name === '' ? say('account.nameless') : name,
      since: say('account.since', { date: date(addedAt) }),
      ...(lastUsedAt === undefined ? {} : { used: say('account.used', { date: date(lastUsedAt) }) }),
    })),
    newPasskeyHref: `${ACCOUNT_PATH}/passkey`,
    ...(hasSecondFactor(factors)
      ? {
          codes: {
            href: `${ACCOUNT_PATH}/codes`,
            left: say('account.codes-left', { count: recoveryCodes.length }),
          },
        }
      : {}),
  };
}

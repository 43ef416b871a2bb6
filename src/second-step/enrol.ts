import {
  MAX_PASSKEY_NAME,
  addPasskey,
  confirmTotp,
  offerPasskey,
  offerTotp,
  type AddedPasskey,
} from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { readPasskey, type Occasion, type Read, type SecondStepParts } from './parts.ts';

const SECRET_GROUPS = /.{1,4}/g;

/** Another factor, while signing in: an app for codes, or a passkey where the person chose that. */
export function showEnrolment(occasion: Occasion, parts: SecondStepParts): Promise<void> {
  const { action, ctx } = occasion;
  const { say } = languageOf(ctx);
  if (ctx.query['way'] === 'passkey') {
    const ways = [{ label: say('set-up-app.instead'), href: action }];
    return showNewPasskey(occasion, parts, { ways });
  }
  return showNewApp(occasion, parts, {
    ways: [{ label: say('new-passkey.instead'), href: `${action}?way=passkey` }],
  });
}

interface Beside {
  readonly error?: string;
  readonly ways?: readonly object[];
}

/** How to set up an app for codes. The same secret again while it is offered: what was photographed stays good. */
export async function showNewApp(
  { ctx, account, form, out }: Occasion,
  parts: SecondStepParts,
  beside: Beside = {},
): Promise<void> {
  const { secret, url, qr } = await offerTotp(parts, account, parts.name);
  const data = {
    ...{ ways: [], url, qr, form: form('enrol'), ...out, ...beside },
    secret: secret.match(SECRET_GROUPS)?.join(' ') ?? secret,
  };
  parts.render(ctx, 'set-up-app', data, beside.error === undefined ? 200 : 422);
}

export async function showNewPasskey(
  { ctx, account, binding, form, out }: Occasion,
  parts: SecondStepParts,
  beside: Beside = {},
): Promise<void> {
  const options = JSON.stringify(await offerPasskey(parts.passkeys, account, binding));
  const passkey = { kind: 'create', options, label: languageOf(ctx).say('new-passkey.make') };
  // Who has no password here comes by another way, and uses it on top of that.
  const isSecond = account.passwordHash === undefined;
  const data = {
    ...{ ways: [], maxLength: MAX_PASSKEY_NAME, passkey, isSecond, form: form('enrol') },
    ...{ ...out, ...beside },
  };
  parts.render(ctx, 'new-passkey', data, beside.error === undefined ? 200 : 422);
}

/**
 * What was set up; `shown`: a page that says why it was not. A code of the app was a second factor at once; a passkey has
 * signed nothing yet.
 */
export async function takeEnrolment(
  occasion: Occasion,
  read: Read,
  parts: SecondStepParts,
): Promise<'totp' | 'passkey' | 'shown'> {
  const { ctx, account, seen } = occasion;
  const { accountId } = account;
  const { say } = languageOf(ctx);
  const what = read('passkey') === '' ? 'totp' : 'passkey';
  if (what === 'totp') {
    const result = await confirmTotp(parts, accountId, read('code'));
    const error = say(result === 'wrong' ? 'second-step.wrong' : 'set-up-app.expired');
    if (result !== 'confirmed') return shown(showNewApp(occasion, parts, { error }));
  } else {
    const added = await passkeyFrom(occasion, read, parts);
    if (!added.ok) {
      const error = say(added.reason === 'too-many' ? 'new-passkey.too-many' : 'new-passkey.refused');
      return shown(showNewPasskey(occasion, parts, { error }));
    }
  }
  const changed = { type: 'account.changed', outcome: 'success', change: 'factors', what } as const;
  await parts.audit.record({ ...changed, accountId, ...seen });
  parts.notice(ctx, account);
  return what;
}

function passkeyFrom(
  { account, binding }: Occasion,
  read: Read,
  parts: SecondStepParts,
): Promise<AddedPasskey> {
  return addPasskey(parts.passkeys, account, { binding, response: readPasskey(read), name: read('name') });
}

async function shown(drawing: Promise<void>): Promise<'shown'> {
  await drawing;
  return 'shown';
}

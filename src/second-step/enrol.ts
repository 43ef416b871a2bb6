import { confirmTotp, offerTotp, type Method } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { Occasion, Read, SecondStepParts } from './parts.ts';

const SECRET_GROUPS = /.{1,4}/g;

/** Shows how to set up an app for codes. The same secret again while it is offered: what was photographed stays good. */
export async function showEnrolment(
  occasion: Occasion,
  parts: SecondStepParts,
  error?: string,
): Promise<void> {
  const { ctx, account, form, out } = occasion;
  const { secret, url, qr } = await offerTotp(parts, account, parts.name);
  const data = {
    ...{ url, qr, form: form('enrol'), ...out },
    secret: secret.match(SECRET_GROUPS)?.join(' ') ?? secret,
    ...(error === undefined ? {} : { error }),
  };
  parts.render(ctx, 'set-up-app', data, error === undefined ? 200 : 422);
}

/** A code of the app shows that it is set up, and is a second factor at once. */
export async function takeEnrolment(
  occasion: Occasion,
  read: Read,
  parts: SecondStepParts,
): Promise<Method | 'shown'> {
  const { ctx, account, seen } = occasion;
  const { accountId } = account;
  const result = await confirmTotp(parts, accountId, read('code'));
  if (result !== 'confirmed') {
    const { say } = languageOf(ctx);
    await showEnrolment(
      occasion,
      parts,
      say(result === 'wrong' ? 'second-step.wrong' : 'set-up-app.expired'),
    );
    return 'shown';
  }
  const changed = { type: 'account.changed', outcome: 'success', change: 'factors', what: 'totp' } as const;
  await parts.audit.record({ ...changed, accountId, ...seen });
  return 'totp';
}

import type { Context } from 'koa';

import type { Account, ComposeMail, Outbox } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';

const MINUTES = 10;

/** A code in the language of who asked for it. */
export function codeMail(
  ctx: Context,
  brand: string,
  purpose: 'sign-in' | 'password' | 'address',
): ComposeMail {
  const { say } = languageOf(ctx);
  return (code) => ({
    subject: say('mail.code-subject', { brand }),
    text: [
      say(`mail.${purpose}`, { brand, code: code.replace(/(?=.{4}$)/, ' ') }),
      say('mail.code-valid', { minutes: MINUTES }),
      say('mail.ignore'),
    ].join('\n\n'),
  });
}

/** Tells somebody at their address, where one is known to be theirs, that how they sign in was changed. */
export function createNotice(
  outbox: Outbox | undefined,
  brand: string,
  accountUrl: string,
): (ctx: Context, account: Account) => void {
  return (ctx, { email, emailVerified }) => {
    if (email === undefined || !emailVerified) return;
    const { say } = languageOf(ctx);
    const text = say('mail.notice', { brand, url: accountUrl });
    outbox?.post(async () => ({ to: email, subject: say('mail.notice-subject', { brand }), text }));
  };
}

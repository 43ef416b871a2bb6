import type { Account, Outbox } from '../identity/index.ts';
import type { Language } from '../language/index.ts';

/** Tells somebody that they were signed out of the browser they had signed in to first. */
type SessionNotice = (account: Account, language: Language) => void;

/**
 * Written to an address that is known to be theirs, and to no other.
 *
 * @param max how many browsers somebody may be signed in to
 * @param accountUrl where they see them
 */
export function createSessionNotice(
  outbox: Outbox,
  brand: string,
  max: number,
  accountUrl: string,
): SessionNotice {
  return ({ email, emailVerified }, { say }) => {
    if (email === undefined || !emailVerified) return;
    const text = [say('mail.session', { brand, max }), say('mail.session-look', { url: accountUrl })];
    outbox.post(async () => ({
      to: email,
      subject: say('mail.session-subject', { brand }),
      text: text.join('\n\n'),
    }));
  };
}

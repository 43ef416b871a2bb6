import type { Account, Outbox } from '../identity/index.ts';
import type { Language } from '../language/index.ts';

export interface NoticedGrant {
  readonly app: string;
  /** Of their own, of one patient they act for, or of all they may see; no name stands in a mail. */
  readonly whose: 'own' | 'other' | 'many';
  /** It may also change records. */
  readonly changes: boolean;
  /** When it ends for good; absent: when the app is not used any more. */
  readonly endsAt?: number | undefined;
}

const WHOSE = { own: 'mail.grant-own', other: 'mail.grant-other', many: 'mail.grant-many' } as const;

/** Tells somebody that an app may use records from now on, also while they do not use it. */
export type GrantNotice = (account: Account, grant: NoticedGrant, language: Language) => void;

/**
 * Written to an address that is known to be theirs, and to no other: it says which app somebody uses.
 *
 * @param myAppsUrl where they stop it
 */
export function createGrantNotice(outbox: Outbox, brand: string, myAppsUrl: string): GrantNotice {
  return ({ email, emailVerified }, { app, whose, changes, endsAt }, { say, date }) => {
    if (email === undefined || !emailVerified) return;
    const until =
      endsAt === undefined ? say('mail.grant-until-unused') : say('mail.grant-until', { date: date(endsAt) });
    const may = [say(WHOSE[whose]), ...(changes ? [say('mail.grant-changes')] : [])].join(' ');
    const text = [say('mail.grant', { brand, app }), may, until, say('mail.grant-stop', { url: myAppsUrl })];
    outbox.post(async () => ({
      to: email,
      subject: say('mail.grant-subject', { brand, app }),
      text: text.join('\n\n'),
    }));
  };
}

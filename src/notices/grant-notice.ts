import type { Account, Outbox } from '../identity/index.ts';
import type { Language } from '../language/index.ts';

export interface NoticedGrant {
  readonly app: string;
  /** When it ends for good; absent: when the app is not used any more. */
  readonly endsAt?: number | undefined;
}

/** Tells somebody that an app may use records from now on, also while they do not use it. */
export type GrantNotice = (account: Account, grant: NoticedGrant, language: Language) => void;

/**
 * Written to an address that is known to be theirs, and to no other: it says which app somebody uses.
 *
 * @param myAppsUrl where they stop it
 */
export function createGrantNotice(outbox: Outbox, brand: string, myAppsUrl: string): GrantNotice {
  return ({ email, emailVerified }, { app, endsAt }, { say, date }) => {
    if (email === undefined || !emailVerified) return;
    const until =
      endsAt === undefined ? say('mail.grant-until-unused') : say('mail.grant-until', { date: date(endsAt) });
    const text = [say('mail.grant', { brand, app }), until, say('mail.grant-stop', { url: myAppsUrl })];
    outbox.post(async () => ({
      to: email,
      subject: say('mail.grant-subject', { brand, app }),
      text: text.join('\n\n'),
    }));
  };
}

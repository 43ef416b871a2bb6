import type { GrantSummary } from '../consent/index.ts';
import type { Account, Outbox } from '../identity/index.ts';
import type { Language } from '../language/index.ts';
import type { AccountId, ClientId, Clock } from '../oauth/index.ts';

const DAY = 24 * 3600;

export interface ReminderParts {
  readonly outbox: Outbox;
  readonly accounts: { list(): Promise<readonly Account[]> };
  readonly grantsOf: (accountId: AccountId) => Promise<readonly GrantSummary[]>;
  readonly nameOf: (clientId: ClientId) => Promise<string>;
  /** `true` to exactly one caller, of all nodes, for this name within so many seconds. */
  readonly first: (name: string, seconds: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly language: Language;
  readonly brand: string;
  readonly myAppsUrl: string;
  /** How often somebody is reminded; also how old access is before it is worth it. */
  readonly everyDays: number;
}

/**
 * Looks once a day, on one of all nodes, for people who allowed an app so long ago and were not reminded since, and tells each
 * of them which apps still have access (CONS-15): one mail, however many apps.
 *
 * @returns how many were reminded
 */
export function createReminders(parts: ReminderParts): () => Promise<number> {
  const { accounts, clock, first } = parts;
  return async () => {
    if (!(await first(`day ${Math.floor(clock() / DAY)}`, 2 * DAY))) return 0;
    let reminded = 0;
    for (const account of await accounts.list()) if (await remind(account, parts)) reminded += 1;
    return reminded;
  };
}

async function remind(account: Account, parts: ReminderParts): Promise<boolean> {
  const { email, emailVerified, disabled, accountId } = account;
  if (email === undefined || !emailVerified || disabled) return false;
  const { clock, everyDays, first } = parts;
  const lasting = (await parts.grantsOf(accountId)).filter(isLasting);
  const isOld = lasting.some(({ allowedAt }) => clock() - allowedAt >= everyDays * DAY);
  if (!isOld || !(await first(`reminded ${accountId}`, everyDays * DAY))) return false;
  const ids = [...new Set(lasting.map(({ clientId }) => clientId))];
  const apps = await Promise.all(ids.map(parts.nameOf));
  parts.outbox.post(async () => ({ to: email, ...mailAbout(apps, parts) }));
  return true;
}

function isLasting({ scope }: GrantSummary): boolean {
  return scope.split(' ').includes('offline_access');
}

function mailAbout(
  apps: readonly string[],
  { language: { say }, brand, myAppsUrl }: ReminderParts,
): { readonly subject: string; readonly text: string } {
  const text = [
    say('mail.reminder', { brand }),
    apps.map((app) => `– ${app}`).join('\n'),
    say('mail.grant-stop', { url: myAppsUrl }),
  ];
  return { subject: say('mail.reminder-subject', { brand }), text: text.join('\n\n') };
}

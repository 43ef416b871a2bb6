import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import {
  checkPassword,
  createBreachLookup,
  hashPassword,
  passwordRulesOf,
  type Account,
  type PasswordProblem,
} from '../identity/index.ts';
import { assertNever } from '../oauth/index.ts';
import { UserError } from './explain.ts';
import { accountNamed, type Office } from './office.ts';

const GENERATED_PASSWORD_BYTES = 12;

/** The password of somebody: from a file and within the rules, or made here and to be shown once. */
export async function passwordFor(
  person: Pick<Account, 'username' | 'name' | 'email' | 'role'>,
  file: string | undefined,
  { config }: Pick<Office, 'config'>,
): Promise<{ readonly password: string; readonly isGiven: boolean }> {
  if (file === undefined)
    return { password: randomBytes(GENERATED_PASSWORD_BYTES).toString('base64url'), isGiven: false };
  const password = readPassword(file);
  const { mfa, breachedPasswordsUrl: url } = config.signIn;
  const rules = passwordRulesOf(person, mfa[person.role], url === undefined ? undefined : lookupAt(url));
  const checked = await checkPassword(password, rules);
  if (!checked.ok) throw new UserError(inWords(checked.problem));
  return { password, isGiven: true };
}

/** Gives a person another password. */
export async function setPassword(username: string, file: string | undefined, office: Office): Promise<void> {
  const account = await accountNamed(username, office);
  const { password, isGiven } = await passwordFor(account, file, office);
  await office.untilRecordable();
  const passwordHash = await hashPassword(password);
  await office.accounts.change(account.accountId, (current) => ({ ...current, passwordHash }));
  const { accountId } = account;
  // Somebody else may be signed in with the old one.
  await office.sessions.endAll(accountId);
  await office.audit.record({ type: 'account.changed', outcome: 'success', change: 'password', accountId });
  process.stdout.write(`user ${username} has another password\n`);
  showPassword(password, isGiven);
}

export function showPassword(password: string, isGiven: boolean): void {
  if (!isGiven) process.stdout.write(`the password, shown this once: ${password}\n`);
}

function lookupAt(url: string) {
  return createBreachLookup({
    url,
    onFailure: (error) =>
      process.stderr.write(`the list of breached passwords was not asked: ${String(error)}\n`),
  });
}

function inWords(problem: PasswordProblem): string {
  switch (problem.code) {
    case 'too-short':
      return `the password needs ${problem.at} characters or more`;
    case 'too-long':
      return `the password may have ${problem.at} characters at most`;
    case 'too-easy':
      return 'the password is one of the first that would be guessed; choose several words that do not belong together';
    case 'breached':
      return 'the password is known from a theft somewhere else; choose another';
    default:
      return assertNever(problem);
  }
}

function readPassword(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UserError(
      `cannot read the password: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

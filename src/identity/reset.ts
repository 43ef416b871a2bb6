import type { AccountId } from '../oauth/index.ts';
import { canonicalUsername, type Account, type AccountStore } from './account.ts';
import type { BreachLookup } from './breached.ts';
import { attemptFactor, type FactorThrottle } from './factors/attempt-factor.ts';
import { checkCode, issueCode, plantCode, takeCode, type OneTimeParts } from './factors/one-time.ts';
import type { ComposeMail } from './mail.ts';
import { MAILED_CODE_SECONDS, type MailedCodeParts } from './mailed-codes.ts';
import type { MfaRule } from './mfa-rule.ts';
import { hashPassword } from './password.ts';
import { checkPassword, passwordRulesOf, type PasswordProblem } from './password-rules.ts';

/** As long as it takes to tell somebody on the telephone, and them to type. */
export const STAFF_CODE_SECONDS = 900;
const LONGEST_USERNAME = 200;

/**
 * Somebody has forgotten a password. Whoever it is, and whether there is such a person, is looked up after the answer, and
 * mailed to who is it: the answer and its time are always the same (attack row A075).
 */
export function requestReset(
  parts: MailedCodeParts & { readonly accounts: Pick<AccountStore, 'findByUsername'> },
  username: string,
  compose: ComposeMail,
): void {
  parts.outbox.post(async () => {
    const name = nameOf(username);
    if (!(await parts.mayMail(`reset ${name}`))) return undefined;
    const account = await parts.accounts.findByUsername(name);
    const to = account && addressOf(account);
    if (to === undefined) {
      await plantCode(parts, resetName(name), MAILED_CODE_SECONDS);
      return undefined;
    }
    return { to, ...compose(await issueCode(parts, resetName(name), MAILED_CODE_SECONDS)) };
  });
}

/**
 * Who has no password here is signed in by somebody else, who may shut them out: a mailbox must not open another way. Staff
 * may, with a code of theirs.
 */
function addressOf({ disabled, email, emailVerified, passwordHash }: Account): string | undefined {
  return disabled || !emailVerified || passwordHash === undefined ? undefined : email;
}

/** Makes a code for staff to tell somebody whom they have made sure of. The one before is no good any more. */
export function staffResetCode(
  parts: OneTimeParts,
  { username }: Pick<Account, 'username'>,
): Promise<string> {
  return issueCode(parts, resetName(nameOf(username)), STAFF_CODE_SECONDS);
}

export interface ResetParts extends OneTimeParts {
  readonly accounts: Pick<AccountStore, 'findByUsername' | 'find' | 'change'>;
  readonly throttle: FactorThrottle;
  readonly ruleOf: (account: Account) => MfaRule;
  readonly isBreached?: BreachLookup;
  /** Ends every session of theirs: somebody else may have one. */
  readonly endSessions: (accountId: AccountId) => Promise<unknown>;
}

export interface ResetForm {
  readonly username: string;
  readonly code: string;
  readonly password: string;
  /** Where it came from. */
  readonly address: string;
}

export type ResetResult =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: 'too-many'; readonly seconds: number }
  /** Also where there is no such person, or no code. */
  | { readonly ok: false; readonly reason: 'wrong-code' }
  /** The code is still good. */
  | { readonly ok: false; readonly reason: 'password'; readonly problem: PasswordProblem };

/**
 * Sets another password with a code. What is wrong with a password is told to who has the code only: it says something of
 * the person. A second factor is still asked for when they sign in.
 */
export async function finishReset(parts: ResetParts, form: ResetForm): Promise<ResetResult> {
  const name = nameOf(form.username);
  const who = { accountId: `reset ${name}`, address: form.address };
  const look = async (): Promise<Account | undefined> => {
    // Of somebody unknown as much is read.
    const found = (await parts.accounts.findByUsername(name)) ?? (await parts.accounts.find(NOBODY));
    const checked = await checkCode(parts, resetName(name), form.code);
    return checked === 'right' && found?.disabled === false ? found : undefined;
  };
  const attempt = await attemptFactor(parts.throttle, who, look, (found) => found !== undefined);
  if (!attempt.looked) return { ok: false, reason: 'too-many', seconds: attempt.seconds };
  return attempt.result ? change(parts, attempt.result, form) : { ok: false, reason: 'wrong-code' };
}

const NOBODY = 'nobody';

async function change(parts: ResetParts, account: Account, form: ResetForm): Promise<ResetResult> {
  const rules = passwordRulesOf(account, parts.ruleOf(account), parts.isBreached);
  const checked = await checkPassword(form.password, rules);
  if (!checked.ok) return { ok: false, reason: 'password', problem: checked.problem };
  const passwordHash = await hashPassword(form.password);
  const { accountId } = account;
  if ((await takeCode(parts, resetName(nameOf(form.username)), form.code)) !== 'right')
    return { ok: false, reason: 'wrong-code' };
  const changed = await parts.accounts.change(accountId, (current) => ({ ...current, passwordHash }));
  await parts.endSessions(accountId);
  return changed ? { ok: true, account: changed } : { ok: false, reason: 'wrong-code' };
}

/** User names have many spellings, and codes are kept by one: also of who is nobody. */
function nameOf(username: string): string {
  return canonicalUsername(username.slice(0, LONGEST_USERNAME));
}

function resetName(name: string): string {
  return `reset ${name}`;
}

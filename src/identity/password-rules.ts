import type { Account } from './account.ts';
import type { BreachLookup } from './breached.ts';
import type { MfaRule } from './mfa-rule.ts';
import { MAX_PASSWORD_LENGTH } from './password.ts';
import { isEasy, type Strength } from './strength.ts';

/** Why a password will not do. `at` is the length it needs, or may have. */
export type PasswordProblem =
  | { readonly code: 'too-short'; readonly at: number }
  | { readonly code: 'too-long'; readonly at: number }
  | { readonly code: 'too-easy' }
  | { readonly code: 'breached' };

export type PasswordCheck = { readonly ok: true } | { readonly ok: false; readonly problem: PasswordProblem };

export interface PasswordRules {
  readonly minLength: number;
  readonly strength: Strength;
  /** What others know of the person: a password made of it is guessed first (attack row A080). */
  readonly personal: readonly string[];
  /** Absent: nobody is asked. */
  readonly isBreached?: BreachLookup;
}

/** Where it is the only factor, and where it is never enough alone (NIST SP 800-63B-4 §3.1.1.2). */
const ALONE = { minLength: 15, strength: 3 } as const;
const BESIDE_ANOTHER = { minLength: 8, strength: 2 } as const;

/**
 * How long and how hard to guess a password has to be. The short one is for those who can never sign in without a second
 * factor; who merely has one could take it away again.
 */
function passwordNeeds(rule: MfaRule): Pick<PasswordRules, 'minLength' | 'strength'> {
  return rule === 'required' ? BESIDE_ANOTHER : ALONE;
}

/** How long a password has to be that anybody may have, whose role we may not tell. */
export function safeLength(rules: readonly MfaRule[]): number {
  return Math.max(...rules.map((rule) => passwordNeeds(rule).minLength));
}

/** The rules for the password of one person. */
export function passwordRulesOf(
  { username, name, email }: Pick<Account, 'username' | 'name' | 'email'>,
  rule: MfaRule,
  isBreached?: BreachLookup,
): PasswordRules {
  const personal = [username, name, ...(email === undefined ? [] : [email])];
  return { ...passwordNeeds(rule), personal, ...(isBreached ? { isBreached } : {}) };
}

/**
 * May this be somebody's password from now on? Length, and that it is not among the first to be guessed; no rules about
 * digits and signs, which make passwords alike (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2).
 */
export async function checkPassword(
  password: string,
  { minLength, strength, personal, isBreached }: PasswordRules,
): Promise<PasswordCheck> {
  const refuse = (problem: PasswordProblem): PasswordCheck => ({ ok: false, problem });
  // What signs in compares this length; people count characters.
  if (password.length > MAX_PASSWORD_LENGTH) return refuse({ code: 'too-long', at: MAX_PASSWORD_LENGTH });
  if (Array.from(password).length < minLength) return refuse({ code: 'too-short', at: minLength });
  if (await isEasy(password, personal, strength)) return refuse({ code: 'too-easy' });
  if (await isBreached?.(password)) return refuse({ code: 'breached' });
  return { ok: true };
}

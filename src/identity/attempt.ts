import type { Language } from '../language/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { canonicalUsername, type Account, type AccountStore } from './account.ts';
import { signIn } from './sign-in.ts';

/** So much of a user name is looked at; no longer one is anybody's. */
export const MAX_FIELD_LENGTH = 200;

/** Slows guessing down; `limits/` has one. */
interface Throttle {
  secondsToWait(username: string, address: string): Promise<number>;
  failed(username: string, address: string): Promise<void>;
  succeeded(username: string): Promise<void>;
}

export interface Attempt {
  readonly username: string;
  readonly password: string;
  /** Where it came from. */
  readonly address: string;
}

export type AttemptResult =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: 'wrong-credentials' | 'disabled' }
  /** Nothing was looked at; `seconds` until the next try is. */
  | { readonly ok: false; readonly reason: 'too-many'; readonly seconds: number };

/** One try to sign in, counted: whoever guesses has to wait (attack rows A073, A074). */
export async function attemptSignIn(
  accounts: Pick<AccountStore, 'findByUsername'>,
  throttle: Throttle,
  { username, password, address }: Attempt,
): Promise<AttemptResult> {
  const shortened = username.slice(0, MAX_FIELD_LENGTH);
  const name = canonicalUsername(shortened);
  const seconds = await throttle.secondsToWait(name, address);
  if (seconds > 0) return { ok: false, reason: 'too-many', seconds };
  const result = await signIn(accounts, shortened, password);
  if (result.ok) await throttle.succeeded(name);
  else await throttle.failed(name, address);
  return result;
}

/** What the audit trail says of it; `undefined` where nothing was looked at. */
export function attemptAsEvent(
  result: AttemptResult,
  usernameHash: string,
):
  | { readonly outcome: 'success'; readonly accountId: AccountId }
  | { readonly outcome: 'refused'; readonly reason: string; readonly usernameHash: string }
  | undefined {
  if (result.ok) return { outcome: 'success', accountId: result.account.accountId };
  return result.reason === 'too-many'
    ? undefined
    : { outcome: 'refused', reason: result.reason, usernameHash };
}

/** Seconds until the next try is looked at; 0: at once. */
export function secondsToWait(result: AttemptResult): number {
  return !result.ok && result.reason === 'too-many' ? result.seconds : 0;
}

/** What the person is told; the same whatever was wrong. */
export function attemptInWords(result: AttemptResult & { ok: false }, { say }: Language): string {
  return result.reason === 'too-many'
    ? say('login.wait', { minutes: Math.ceil(result.seconds / 60) })
    : say('login.wrong');
}

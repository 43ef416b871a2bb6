import { canonicalUsername, type Account, type AccountStore } from './account.ts';
import { signIn } from './sign-in.ts';

/** A user name or password longer than this is nobody's. */
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

/** What the person is told; the same whatever was wrong. */
export function attemptInWords(result: AttemptResult & { ok: false }): string {
  return result.reason === 'too-many'
    ? `Too many tries. Wait ${Math.ceil(result.seconds / 60)} minutes and try again.`
    : 'The user name or password is not right. Check both and try again.';
}

import type { AccountId } from '../../oauth/index.ts';

/** Slows guessing of second factors down; `limits/` has one. */
export interface FactorThrottle {
  /** Seconds until the next try is looked at; 0: at once. */
  secondsToWait(accountId: AccountId, address: string): Promise<number>;
  failed(accountId: AccountId, address: string): Promise<void>;
  succeeded(accountId: AccountId): Promise<void>;
}

export type FactorAttempt<Result> =
  | { readonly looked: true; readonly result: Result }
  /** Nothing was looked at. */
  | { readonly looked: false; readonly seconds: number };

/**
 * One try with a code or a passkey, counted. A right code that comes while somebody has to wait is not looked at, and so
 * not used up (attack row A076).
 */
export async function attemptFactor<Result>(
  throttle: FactorThrottle,
  { accountId, address }: { readonly accountId: AccountId; readonly address: string },
  look: () => Promise<Result>,
  isRight: (result: Result) => boolean,
): Promise<FactorAttempt<Result>> {
  const seconds = await throttle.secondsToWait(accountId, address);
  if (seconds > 0) return { looked: false, seconds };
  const result = await look();
  if (isRight(result)) await throttle.succeeded(accountId);
  else await throttle.failed(accountId, address);
  return { looked: true, result };
}

import type { AccountId, EpochSeconds } from '../../oauth/index.ts';

/** A code that an app on the telephone shows, a new one every half minute (RFC 6238). */
export interface Totp {
  /** In Base32. */
  readonly secret: string;
  readonly addedAt: EpochSeconds;
  /** The step of the last code that was taken: it and those before are no good any more. */
  readonly lastStep: number;
}

export interface Passkey {
  /** The credential id, as browsers send it. */
  readonly id: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  /** It may be on several devices of its owner. */
  readonly isSynced: boolean;
  /** What its owner calls it. */
  readonly name: string;
  readonly addedAt: EpochSeconds;
  readonly lastUsedAt?: EpochSeconds;
}

/** Everything beside the password that somebody signs in with: one record, so that a change of it is one step. */
export interface Factors {
  readonly totp?: Totp;
  /** Shown to its owner, who has not typed a code of it yet. */
  readonly offeredTotp?: { readonly secret: string; readonly expiresAt: EpochSeconds };
  /** Keyed hashes of those that are left. */
  readonly recoveryCodes?: readonly string[];
  readonly passkeys: readonly Passkey[];
}

export const NO_FACTORS: Factors = { passkeys: [] };

/** What came of a change, for who asked. `factors` absent: they stay as they are. */
export interface FactorChange<Result> {
  readonly result: Result;
  readonly factors?: Factors;
}

/** Where factors are kept; `store/` implements it. */
export interface FactorStore {
  /** {@link NO_FACTORS} of who has none. */
  read(id: AccountId): Promise<Factors>;
  /**
   * Changes them in one step, from what they are at that moment: of concurrent callers with one code, one gets it.
   *
   * @param edit may be asked more than once
   */
  change<Result>(id: AccountId, edit: (factors: Factors) => FactorChange<Result>): Promise<Result>;
  remove(id: AccountId): Promise<void>;
}

/** A hash that only this server can make: who has the store cannot try codes against it. */
export type KeyedHash = (kind: string, text: string) => string;

/** The same without one member. */
export function without<Name extends 'totp' | 'offeredTotp' | 'recoveryCodes'>(
  factors: Factors,
  name: Name,
): Omit<Factors, Name> {
  const { [name]: _gone, ...kept } = factors;
  return kept;
}

import type { EpochSeconds } from '../oauth/index.ts';

/** So long a browser may be away. */
export const ATTEMPT_SECONDS = 600;

/** Where a sign-in began, and goes on. */
export type Began =
  | { readonly page: 'interaction'; readonly uid: string }
  | { readonly page: 'my-apps'; readonly path: string };

/** A sign-in that is under way elsewhere. */
export interface SignInAttempt {
  readonly provider: string;
  /** The browser it began in, and the only one it may end in. */
  readonly browser: string;
  readonly from: Began;
  readonly nonce: string;
  readonly verifier: string;
  readonly startedAt: EpochSeconds;
  readonly maxAge?: number;
  /** The provider was told to ask the person, whatever it knows. */
  readonly fresh: boolean;
  /** Nobody was to see a page of it. */
  readonly silent: boolean;
}

/** Kept under their `state`; `store/` implements it. */
export interface SignInAttempts {
  put(state: string, attempt: SignInAttempt, ttlSeconds: number): Promise<void>;
  peek(state: string): Promise<SignInAttempt | undefined>;
  /** Returns it and forgets it in one step: of concurrent callers, exactly one gets it. */
  take(state: string): Promise<SignInAttempt | undefined>;
}

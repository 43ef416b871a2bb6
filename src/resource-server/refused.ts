/** Why a request is not served, ready to be sent (RFC 6750 §3.1; SEM-01, SEM-04). `denial` makes the answer of it. */
export interface Refused {
  readonly allowed: false;
  readonly status: 401 | 403;
  readonly error: 'invalid_token' | 'insufficient_scope';
  /** For the app's developer; holds no token and no patient. */
  readonly description: string;
  /** A scope that would have been enough, e.g. `patient/Condition.rs`; absent where no scope would be. */
  readonly neededScope?: string;
}

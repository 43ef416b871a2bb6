import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';

/** An access token or backend token that has not ended: found, not expired, not revoked, and what it hangs on is there. */
export interface LivingToken {
  readonly kind: 'AccessToken' | 'ClientCredentials';
  readonly clientId: ClientId;
  readonly accountId?: AccountId;
  /** The FHIR base URL it is good for, or several. */
  readonly aud?: string | readonly string[];
  readonly scope?: string;
  readonly iat: EpochSeconds;
  readonly exp: EpochSeconds;
  /** Milliseconds since 1970, of a backend token: its client may be let in again in the second in which all of it ended. */
  readonly madeAt?: number;
  /** The launch context as it goes over the wire: `patient`, `encounter`, `fhirUser`, … */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Looks a token up by its text, in one round trip to the store. */
export interface TokenReader {
  /**
   * The same object as long as nothing about the token has changed; `undefined` when it has ended, or never was one.
   *
   * @throws when the store cannot tell: that is never "ended"
   */
  read(text: string): Promise<LivingToken | undefined>;
}

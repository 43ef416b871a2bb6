import type { AccountId, ClientId, EpochSeconds, GrantId } from '../oauth/index.ts';

/** A living grant, as its person and an operator read it. */
export interface GrantSummary {
  readonly grantId: GrantId;
  readonly clientId: ClientId;
  readonly accountId: AccountId;
  readonly scope: string;
  readonly patient?: string;
  /** As whom its person acts for the patient: `RelatedPerson/7`. */
  readonly actsAs?: string;
  readonly fhirBaseUrl: string;
  readonly allowedAt: EpochSeconds;
  /** When a token was last made from it: each refresh gives it its whole lifetime again. */
  readonly renewedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  /** When it ends however often the app comes back. */
  readonly endsAt?: EpochSeconds;
  /** The session it ends with, where it was given for its time. */
  readonly sessionUid?: string;
  /** Of the authorization it began with, as its person saw it. */
  readonly reference: string;
  /** What others know it by: it ends nothing. */
  readonly ref: string;
}

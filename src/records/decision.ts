import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';

/**
 * What was decided about an app's access:
 *
 *     granted ──▶ changed (less of it) ──▶ … ──▶ stopped, or expired: its time was over
 *        └──▶ withdrawn: it was allowed, and then could not be carried out
 *     refused
 */
export type DecisionKind = 'granted' | 'refused' | 'changed' | 'stopped' | 'expired' | 'withdrawn';

/** Why access ended that its person did not stop; `expiry`: the time was over, or the app did not come back for long enough. */
export const REASONS = [
  'expiry',
  'account-disabled',
  'account-changed',
  'client-disabled',
  'client-removed',
  'token-reuse',
  'given-back',
  'signed-out',
  'right-ended',
  'patient-stopped',
] as const;
export type Reason = (typeof REASONS)[number];

/** The page on which it was decided. */
export interface Shown {
  /** As it was sent, but for what makes its form work once. */
  readonly html: string;
  /** BCP 47, such as `en`. */
  readonly language: string;
}

/** One decision, with everything that its record says. */
export interface Decision {
  readonly kind: DecisionKind;
  /** Names the authorization it began with; all decisions about one grant share it. */
  readonly reference: string;
  /** Who did it; the patient, an operator, or this server by itself, ends what a person has allowed. */
  readonly by: 'person' | 'patient' | 'operator' | 'system';
  readonly why?: Reason;
  readonly person: {
    readonly accountId: AccountId;
    readonly name: string;
    readonly role: 'patient' | 'practitioner' | 'representative';
    /** Relative to the FHIR server, such as `Patient/123`. */
    readonly fhirUser?: string | undefined;
  };
  /** By which right they act for a patient who is somebody else. */
  readonly actsAs?: {
    /** Relative to the FHIR server, such as `RelatedPerson/7`. */
    readonly fhirUser: string;
    /** Absent: it was looked at when access was allowed, and not again when it was taken back. */
    readonly basis?: 'parent' | 'guardian' | 'power-of-attorney';
  };
  readonly client: { readonly id: ClientId; readonly name: string };
  readonly fhirServer: { readonly url: string; readonly name: string };
  /** Whose records; absent: those of nobody in particular. */
  readonly patient?: { readonly id: string; readonly name?: string };
  /** The scopes the app has from now on. */
  readonly kept: readonly string[];
  /** The scopes it asked for, or had, and does not get. */
  readonly refused: readonly string[];
  /** When it ends by itself; absent: when the app does not come back any more. */
  readonly until?: EpochSeconds;
  readonly shown?: Shown;
}

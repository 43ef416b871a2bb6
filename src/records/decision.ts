import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';

/**
 * What was decided about an app's access:
 *
 *     granted ──▶ changed (less of it) ──▶ … ──▶ stopped
 *        └──▶ withdrawn: it was allowed, and then could not be carried out
 *     refused
 */
export type DecisionKind = 'granted' | 'refused' | 'changed' | 'stopped' | 'withdrawn';

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
  /** Who did it; an operator stops what a person has allowed. */
  readonly by: 'person' | 'operator';
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
    readonly basis: 'parent' | 'guardian' | 'power-of-attorney';
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

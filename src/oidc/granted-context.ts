import type { LaunchContext } from '../smart/index.ts';

/** What a grant remembers beside its scopes. */
export interface GrantedContext {
  readonly context: LaunchContext;
  readonly fhirBaseUrl: string;
  /** Absolute URL of the user's FHIR resource, when openid and fhirUser were granted (INT-05). */
  readonly fhirUser?: string;
  /** Ties later log lines to the authorization people saw. */
  readonly reference: string;
  /** Every scope granted, as one scope parameter. */
  readonly scope: string;
  /** How long the grant outlives its last use, in seconds. */
  readonly lifetimeSeconds: number;
}

import type { Config } from '../config/index.ts';
import { LATEST_SMART_VERSION, contextAsOf, type LaunchContext } from '../smart/index.ts';

/** What a grant remembers beside its scopes. */
export interface GrantedContext {
  readonly context: LaunchContext;
  readonly fhirBaseUrl: string;
  /** Absolute URL of the user's FHIR resource, when openid and fhirUser were granted (INT-05). */
  readonly fhirUser?: string;
  /** As whom its user acts for the patient in context, such as `RelatedPerson/7`; absent: for nobody else's record. */
  readonly actsAs?: string;
  /** Its user is a clinician: security labels hold something back only where they may break the glass (SEC-12). */
  readonly clinician?: true;
  /** Ties later log lines to the authorization people saw. */
  readonly reference: string;
  /** Every scope granted, as one scope parameter. */
  readonly scope: string;
  /** How long the grant outlives its last use, in seconds. */
  readonly lifetimeSeconds: number;
  /** Milliseconds since 1970; a grant that is saved again keeps it. */
  readonly madeAt?: number;
  /** When it ends however often it is used: the time its person chose. Absent: it lives as long as it is used. */
  readonly endsAt?: number;
  /** The person took some of it back later: tokens with scopes of their own are held to what is left. */
  readonly narrowed?: true;
  /** The session it ends with: only where `online_access` was granted. */
  readonly sessionUid?: string;
}

/** When a grant ends that is used now. */
export function endOfGrant(
  { lifetimeSeconds, endsAt = Infinity }: Pick<GrantedContext, 'lifetimeSeconds' | 'endsAt'>,
  now: number,
): number {
  return Math.min(now + lifetimeSeconds, endsAt);
}

/** The context beside a token, as the version of its FHIR server writes it: the same in every answer (INT-04). */
export function contextOnTheWire(
  { context, fhirBaseUrl }: GrantedContext,
  { fhirServers }: Pick<Config, 'fhirServers'>,
): Record<string, unknown> {
  const server = fhirServers.find(({ url }) => url === fhirBaseUrl);
  return contextAsOf(server?.smartVersion ?? LATEST_SMART_VERSION, context);
}

import type { Clock, ClientId, EpochSeconds, LaunchId } from '../oauth/index.ts';
import type { LaunchContext } from '../smart/index.ts';

/** How long an app has to come back with its launch value. */
export const LAUNCH_TTL_SECONDS = 300;

/**
 * One EHR launch, kept under its opaque id until an app redeems it.
 *
 *     announced ──authorize──▶ looked at (any number of times) ──user allows──▶ redeemed, once
 *         └───────────── 5 minutes ─────────────▶ gone
 *
 * Holding the id opens nothing by itself: it says what is in context, never who is signed in.
 */
export interface LaunchRecord {
  /** The only client that may redeem it. */
  readonly clientId: ClientId;
  /** The only FHIR server it is good for: the `iss` the app was given. */
  readonly fhirBaseUrl: string;
  readonly context: LaunchContext;
  /** The user at the EHR's screen (`Practitioner/123`); another one signing in does not get this launch. */
  readonly fhirUser?: string;
  /** The name to put into the sign-in form; a convenience, not a claim. */
  readonly loginHint?: string;
  readonly announcedBy: ClientId;
  readonly expiresAt: EpochSeconds;
}

/** Where launches are kept; `store/` implements it. */
export interface LaunchStore {
  put(id: LaunchId, record: LaunchRecord, ttlSeconds: number): Promise<void>;
  /** Looks without taking. */
  peek(id: LaunchId): Promise<LaunchRecord | undefined>;
  /** Returns the record and forgets it in one step: of concurrent callers, exactly one gets it. */
  take(id: LaunchId): Promise<LaunchRecord | undefined>;
}

export type LaunchProblemCode = 'unknown' | 'other-client' | 'other-fhir-server';

/** May this client, asking for this FHIR server, have this launch? Bound as LCH-04 and LCH-06 ask. */
export function checkLaunch(
  record: LaunchRecord | undefined,
  asking: { readonly clientId: ClientId; readonly fhirBaseUrl: string },
  now: Clock,
): LaunchProblemCode | undefined {
  if (record === undefined || record.expiresAt <= now()) return 'unknown';
  if (record.clientId !== asking.clientId) return 'other-client';
  if (record.fhirBaseUrl !== asking.fhirBaseUrl) return 'other-fhir-server';
  return undefined;
}

/**
 * The app's launch URL with `iss` and `launch` added, keeping the query it was registered with (LCH-01, LCH-05).
 */
export function launchUrl(registered: string, fhirBaseUrl: string, launch: LaunchId): string {
  const url = new URL(registered);
  url.searchParams.set('iss', fhirBaseUrl);
  url.searchParams.set('launch', launch);
  return url.href;
}

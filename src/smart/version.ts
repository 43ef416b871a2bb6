/** The versions of SMART App Launch a FHIR endpoint can be set to follow, oldest first. */
export const SMART_VERSIONS = ['1.0.0', '2.0.0', '2.1.0', '2.2.0'] as const;
export type SmartVersion = (typeof SMART_VERSIONS)[number];

/** What an endpoint follows unless it is told otherwise. */
export const LATEST_SMART_VERSION: SmartVersion = '2.2.0';

/** Is `version` the same as `since`, or newer? */
export function isAtLeast(version: SmartVersion, since: SmartVersion): boolean {
  return SMART_VERSIONS.indexOf(version) >= SMART_VERSIONS.indexOf(since);
}

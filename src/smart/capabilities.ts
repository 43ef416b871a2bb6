import { LATEST_SMART_VERSION, isAtLeast, type SmartVersion } from './version.ts';

/** What a deployment has switched on. Each member must be true in fact: capabilities are derived from these. */
export interface Features {
  readonly ehrLaunch: boolean;
  readonly standaloneLaunch: boolean;
  /** The authorize endpoint also takes a form-encoded POST. */
  readonly authorizePost: boolean;
  readonly publicClients: boolean;
  readonly symmetricClients: boolean;
  readonly asymmetricClients: boolean;
  readonly openidConnect: boolean;
  readonly patientBanner: boolean;
  readonly style: boolean;
  readonly encounterPicker: boolean;
  readonly onlineAccess: boolean;
}

/** Capability, what it needs, and the version that named it (V1-04). */
const CAPABILITIES: readonly (readonly [string, (features: Features) => boolean, SmartVersion?])[] = [
  ['launch-ehr', (on) => on.ehrLaunch],
  ['launch-standalone', (on) => on.standaloneLaunch],
  ['authorize-post', (on) => on.authorizePost, '2.0.0'],
  ['client-public', (on) => on.publicClients],
  ['client-confidential-symmetric', (on) => on.symmetricClients],
  ['client-confidential-asymmetric', (on) => on.asymmetricClients, '2.0.0'],
  ['sso-openid-connect', (on) => on.openidConnect],
  ['context-banner', (on) => on.ehrLaunch && on.patientBanner],
  ['context-style', (on) => on.ehrLaunch && on.style],
  ['context-ehr-patient', (on) => on.ehrLaunch],
  ['context-ehr-encounter', (on) => on.ehrLaunch],
  ['context-standalone-patient', (on) => on.standaloneLaunch],
  ['context-standalone-encounter', (on) => on.standaloneLaunch && on.encounterPicker],
  ['permission-offline', () => true],
  ['permission-online', (on) => on.onlineAccess, '2.0.0'],
  ['permission-patient', () => true],
  ['permission-user', () => true],
  ['permission-v1', () => true, '2.0.0'],
  ['permission-v2', () => true, '2.0.0'],
];

/**
 * The capability strings of what is switched on, exact and case-sensitive (CAP-01 … CAP-19), as far as the version of
 * the endpoint knows them.
 */
export function capabilities(features: Features, version: SmartVersion = LATEST_SMART_VERSION): string[] {
  return CAPABILITIES.filter(
    ([, holds, since = '1.0.0']) => holds(features) && isAtLeast(version, since),
  ).map(([name]) => name);
}

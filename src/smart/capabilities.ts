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

const CAPABILITIES: readonly (readonly [string, (features: Features) => boolean])[] = [
  ['launch-ehr', (on) => on.ehrLaunch],
  ['launch-standalone', (on) => on.standaloneLaunch],
  ['authorize-post', (on) => on.authorizePost],
  ['client-public', (on) => on.publicClients],
  ['client-confidential-symmetric', (on) => on.symmetricClients],
  ['client-confidential-asymmetric', (on) => on.asymmetricClients],
  ['sso-openid-connect', (on) => on.openidConnect],
  ['context-banner', (on) => on.ehrLaunch && on.patientBanner],
  ['context-style', (on) => on.ehrLaunch && on.style],
  ['context-ehr-patient', (on) => on.ehrLaunch],
  ['context-ehr-encounter', (on) => on.ehrLaunch],
  ['context-standalone-patient', (on) => on.standaloneLaunch],
  ['context-standalone-encounter', (on) => on.standaloneLaunch && on.encounterPicker],
  ['permission-offline', () => true],
  ['permission-online', (on) => on.onlineAccess],
  ['permission-patient', () => true],
  ['permission-user', () => true],
  ['permission-v1', () => true],
  ['permission-v2', () => true],
];

/** The capability strings of what is switched on, exact and case-sensitive (CAP-01 … CAP-19). */
export function capabilities(features: Features): string[] {
  return CAPABILITIES.filter(([, holds]) => holds(features)).map(([name]) => name);
}

import { describe, expect, test } from '@jest/globals';
import {
  RESOURCE_TYPES,
  capabilities,
  parseScope,
  smartConfiguration,
  usCoreScopes,
  type Features,
} from '../../../src/smart/index.ts';

const EVERYTHING: Features = {
  ehrLaunch: true,
  standaloneLaunch: true,
  authorizePost: true,
  publicClients: true,
  symmetricClients: true,
  asymmetricClients: true,
  openidConnect: true,
  patientBanner: true,
  style: true,
  encounterPicker: true,
  onlineAccess: true,
};
const NOTHING = Object.fromEntries(
  Object.keys(EVERYTHING).map((name) => [name, false]),
) as unknown as Features;

describe('capabilities', () => {
  test('[CAP-27] [G10-02] everything switched on is what certification asks for, exactly spelled', () => {
    expect(capabilities(EVERYTHING).sort()).toEqual([
      'authorize-post',
      'client-confidential-asymmetric',
      'client-confidential-symmetric',
      'client-public',
      'context-banner',
      'context-ehr-encounter',
      'context-ehr-patient',
      'context-standalone-encounter',
      'context-standalone-patient',
      'context-style',
      'launch-ehr',
      'launch-standalone',
      'permission-offline',
      'permission-online',
      'permission-patient',
      'permission-user',
      'permission-v1',
      'permission-v2',
      'sso-openid-connect',
    ]);
  });

  test.each([
    // requirement feature                capabilities that go with it
    [
      'CAP-01',
      'ehrLaunch',
      'launch-ehr context-banner context-style context-ehr-patient context-ehr-encounter',
    ],
    [
      'CAP-02',
      'standaloneLaunch',
      'launch-standalone context-standalone-patient context-standalone-encounter',
    ],
    ['CAP-03', 'authorizePost', 'authorize-post'],
    ['CAP-04', 'publicClients', 'client-public'],
    ['CAP-05', 'symmetricClients', 'client-confidential-symmetric'],
    ['CAP-06', 'asymmetricClients', 'client-confidential-asymmetric'],
    ['CAP-07', 'openidConnect', 'sso-openid-connect'],
    ['CAP-08', 'patientBanner', 'context-banner'],
    ['CAP-09', 'style', 'context-style'],
    ['CAP-13', 'encounterPicker', 'context-standalone-encounter'],
    ['CAP-15', 'onlineAccess', 'permission-online'],
  ] as const)('[%s] without %s nobody claims %s', (_requirement, feature, gone) => {
    const left = capabilities({ ...EVERYTHING, [feature]: false });
    const missing = capabilities(EVERYTHING).filter((name) => !left.includes(name));
    expect(missing).toEqual(gone.split(' '));
  });

  test('[CAP-08] [CAP-09] [CAP-13] a part without its launch is not claimed', () => {
    const parts = { ...NOTHING, patientBanner: true, style: true, encounterPicker: true };
    expect(capabilities(parts)).toEqual(capabilities(NOTHING));
  });
});

describe('smartConfiguration', () => {
  const endpoints = {
    issuer: 'https://auth.example',
    authorization: 'https://auth.example/authorize',
    token: 'https://auth.example/token',
    jwks: 'https://auth.example/jwks',
    introspection: 'https://auth.example/introspect',
    revocation: 'https://auth.example/revoke',
    management: 'https://auth.example/apps',
  };
  const documentWith = (features: Features): object =>
    smartConfiguration({
      endpoints,
      features,
      authMethods: ['client_secret_basic', 'private_key_jwt'],
      signingAlgorithms: ['RS384', 'ES384'],
      scopes: ['openid'],
    });

  test('[DISC-04] [DISC-05] [DISC-09] [DISC-12] the whole document', () => {
    expect(documentWith(EVERYTHING)).toEqual({
      issuer: 'https://auth.example',
      jwks_uri: 'https://auth.example/jwks',
      authorization_endpoint: 'https://auth.example/authorize',
      token_endpoint: 'https://auth.example/token',
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      grant_types_supported: ['authorization_code', 'client_credentials'],
      scopes_supported: ['openid'],
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      introspection_endpoint: 'https://auth.example/introspect',
      revocation_endpoint: 'https://auth.example/revoke',
      management_endpoint: 'https://auth.example/apps',
      capabilities: capabilities(EVERYTHING),
    });
  });

  test('[DISC-05] [DISC-06] without single sign-on there is no issuer and no jwks_uri', () => {
    const document = documentWith({ ...EVERYTHING, openidConnect: false });
    expect(document).not.toHaveProperty('issuer');
    expect(document).not.toHaveProperty('jwks_uri');
  });
});

describe('usCoreScopes', () => {
  const scopes = usCoreScopes(['patient', 'user']);

  test('[DISC-16] every scope listed is one we read, word for word', () => {
    expect(scopes.filter((text) => !parseScope(text).ok)).toEqual([]);
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test.each([
    ['USC-07', 'patient/AllergyIntolerance.rs'],
    ['USC-07', 'user/Specimen.rs'],
    ['USC-08', 'patient/Location.rs'],
    [
      'USC-09',
      'patient/Condition.rs?category=http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern',
    ],
    [
      'USC-10',
      'user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|social-history',
    ],
    [
      'USC-10',
      'patient/Observation.rs?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh',
    ],
    [
      'USC-13',
      'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|procedure',
    ],
  ])('[%s] %s is listed', (_requirement, scope) => {
    expect(scopes).toContain(scope);
  });

  test('[USC-12] the misspelt system is read but never listed', () => {
    expect(scopes.filter((text) => text.includes('//CodeSystem'))).toEqual([]);
  });

  test('[SCO-06] the resource types are those of FHIR R4', () => {
    expect(RESOURCE_TYPES.size).toBe(146);
    expect(['Patient', 'VisionPrescription', 'Unicorn'].map((name) => RESOURCE_TYPES.has(name))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

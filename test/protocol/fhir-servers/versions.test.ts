import { beforeAll, describe, expect, test } from '@jest/globals';

import { capabilitySecurity } from '../../../src/resource-server/index.ts';
import { SMART_VERSIONS, parseScope, type SmartVersion } from '../../../src/smart/index.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, postForm, redeem, refresh } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';
import { EDITION_ROWS } from '../../support/us-core-editions.ts';

const idOf = (version: SmartVersion): string => `v${version.replaceAll('.', '-')}`;
const urlOf = (version: SmartVersion): string => `http://localhost:3996/${idOf(version)}`;
const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

const LAUNCHED = {
  patient: 'p7',
  encounter: 'e7',
  intent: 'review-growth',
  tenant: 'tenant-1',
  fhirContext: [
    { reference: 'ImagingStudy/is-55' },
    { reference: 'DiagnosticReport/dr-3', role: 'launch' },
    { reference: 'Patient/sib-442', role: 'https://growth.example/roles/sibling' },
    { canonical: 'https://forms.example/Questionnaire/phq9|3.1', type: 'Questionnaire' },
    { identifier: { system: 'https://ehr.example/orders', value: 'A-1009' }, type: 'ServiceRequest' },
  ],
};

/** What of {@link LAUNCHED} an endpoint of each version hands on. */
const HANDED_ON: Record<SmartVersion, { tenant?: string; fhirContext?: unknown[] }> = {
  '1.0.0': {},
  '2.0.0': { tenant: 'tenant-1', fhirContext: ['ImagingStudy/is-55', 'DiagnosticReport/dr-3'] },
  '2.1.0': { tenant: 'tenant-1', fhirContext: LAUNCHED.fhirContext.slice(0, 3) },
  '2.2.0': { tenant: 'tenant-1', fhirContext: LAUNCHED.fhirContext },
};

const V1_CAPABILITIES =
  `launch-ehr launch-standalone client-public client-confidential-symmetric sso-openid-connect
  context-banner context-style context-ehr-patient context-ehr-encounter context-standalone-patient
  context-standalone-encounter permission-offline permission-patient permission-user`.split(/\s+/);
const V2_CAPABILITIES = [
  ...V1_CAPABILITIES,
  ...['authorize-post', 'client-confidential-asymmetric', 'permission-online'],
  ...['permission-v1', 'permission-v2'],
];

describe.each(DRIVERS)('one FHIR server per SMART version, on %s', (driver) => {
  let ehr: KeyedClient;
  const suite = gatehouseOn(driver, async (issuer) => {
    ehr = await ehrClient(issuer);
    return {
      fhirServers: SMART_VERSIONS.map((version) => ({
        id: idOf(version),
        name: version,
        url: urlOf(version),
        smartVersion: version,
      })),
      clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration],
    };
  });
  let token = '';
  beforeAll(async () => {
    const { issuer } = suite.server;
    token = (await backendToken(issuer, ehr, `${issuer}/scopes/launch`)).body.access_token;
  });

  const documentOf = async (version: SmartVersion): Promise<Record<string, unknown>> => {
    const at = `${suite.server.issuer}/${idOf(version)}/.well-known/smart-configuration`;
    return (await fetch(at)).json() as Promise<Record<string, unknown>>;
  };

  test.each([
    ['V1-04', '1.0.0', V1_CAPABILITIES],
    ['CAP-19', '2.0.0', V2_CAPABILITIES],
    ['CAP-27', '2.1.0', V2_CAPABILITIES],
    ['CAP-19', '2.2.0', V2_CAPABILITIES],
  ] as const)(
    '[%s] [CAP-21] [CAP-22] the capabilities of %s, and no others',
    async (_row, version, expected) => {
      const capabilities = (await documentOf(version))['capabilities'] as string[];
      expect(capabilities.toSorted()).toEqual(expected.toSorted());
    },
  );

  test('[V1-03] [V1-05] [V1-09] a 1.0.0 document has the members of 1.0.0, and says that code challenges are needed', async () => {
    const { issuer } = suite.server;
    expect(await documentOf('1.0.0')).toEqual({
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['client_secret_basic']),
      scopes_supported: expect.any(Array),
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      introspection_endpoint: `${issuer}/introspect`,
      revocation_endpoint: `${issuer}/revoke`,
      management_endpoint: `${issuer}/apps`,
      capabilities: expect.any(Array),
    });
    const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };
    const { callback } = await authorize(issuer, { params: { aud: urlOf('1.0.0'), ...withoutPkce } });
    expect(callback.searchParams.get('error')).toBe('invalid_request');
  });

  test('[V1-01] [DISC-15] a 1.0.0 document lists scopes as 1.0.0 writes them, each one we read', async () => {
    const scopes = (await documentOf('1.0.0'))['scopes_supported'] as string[];
    const resources = scopes.filter((scope) => /^(patient|user|system)\//.test(scope));
    expect(resources.length).toBeGreaterThan(50);
    expect(
      resources.filter((scope) => !/^(patient|user)\/(\*|[A-Za-z]+)\.(read|write|\*)$/.test(scope)),
    ).toEqual([]);
    expect(scopes.filter((scope) => !parseScope(scope).ok)).toEqual([]);
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test.each(['2.0.0', '2.1.0', '2.2.0'] as const)(
    '[DISC-09] [DISC-05] %s has the members of 2.x',
    async (version) => {
      const { issuer } = suite.server;
      expect(await documentOf(version)).toMatchObject({
        issuer,
        jwks_uri: `${issuer}/jwks`,
        grant_types_supported: ['authorization_code', 'client_credentials'],
        token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
        scopes_supported: expect.arrayContaining(['system/*.rs', 'patient/Patient.rs', 'patient/*.read']),
      });
    },
  );

  test.each(EDITION_ROWS)(
    '[DISC-17] [USC-05] [USC-06] every scope of US Core %s at %s/ is listed, word for word',
    async (_edition, _level, scopes) => {
      for (const version of SMART_VERSIONS.filter((one) => one !== '1.0.0')) {
        const listed = new Set((await documentOf(version))['scopes_supported'] as string[]);
        expect([version, scopes.filter((scope) => !listed.has(scope))]).toEqual([version, []]);
      }
    },
  );

  test.each(SMART_VERSIONS)(
    '[CTX-10] [V1-09] [INT-04] the context of a %s launch, the same in every answer',
    async (version) => {
      const { issuer } = suite.server;
      const { body: made } = await announce(issuer, token, { iss: urlOf(version), ...LAUNCHED });
      const scope = 'launch openid fhirUser offline_access user/Patient.rs';
      const params = { aud: urlOf(version), launch: made.launch };
      const { body } = await redeem(issuer, await authorize(issuer, { username: 'dora', scope, params }));
      const { patient, encounter, intent } = LAUNCHED;
      const expected = { patient, encounter, intent, ...HANDED_ON[version] };
      const { body: told } = await postForm(
        `${issuer}/introspect`,
        { token: body.access_token },
        basic('fhir-server', RS_SECRET),
      );
      const { body: again } = await refresh(issuer, body.refresh_token);
      for (const answer of [body, told, again]) {
        const { patient: p, encounter: e, intent: i, tenant, fhirContext } = answer;
        expect({ patient: p, encounter: e, intent: i, tenant, fhirContext }).toEqual({
          tenant: undefined,
          fhirContext: undefined,
          ...expected,
        });
      }
    },
  );

  test.each(SMART_VERSIONS)(
    '[V1-02] [DISC-30] [DISC-28] the CapabilityStatement of a %s server',
    async (version) => {
      const { issuer } = suite.server;
      const { extension, ...rest } = capabilitySecurity(await documentOf(version)) as { extension?: unknown };
      expect(rest).toMatchObject({ cors: true, service: [{ coding: [{ code: 'SMART-on-FHIR' }] }] });
      const uris = [
        ['authorize', 'authorize'],
        ['token', 'token'],
        ['introspect', 'introspect'],
        ['revoke', 'revoke'],
        ['manage', 'apps'],
      ].map(([url, path]) => ({ url, valueUri: `${issuer}/${path}` }));
      expect(extension).toEqual(version === '1.0.0' ? [{ url: OAUTH_URIS, extension: uris }] : undefined);
    },
  );
});

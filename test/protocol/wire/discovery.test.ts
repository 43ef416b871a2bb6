import { describe, expect, test } from '@jest/globals';

import { capabilitySecurity } from '../../../src/resource-server/index.ts';
import { example, shown } from './examples.ts';
import { wireSuite } from './wire-suite.ts';

type Document = Readonly<Record<string, unknown>>;

// What is published does not depend on the store.
describe('what is published, beside the examples', () => {
  const suite = wireSuite();
  const load = async (url: string): Promise<Document> => (await (await fetch(url)).json()) as Document;
  const smart = () => load(`${suite.fhir.base}/.well-known/smart-configuration`);
  const openid = () => load(`${suite.server.issuer}/.well-known/openid-configuration`);

  test('[DISC-04] [DISC-26] [G10-04] [USC-03] [USC-04] smart-configuration has the members of the example, and none that are not built', async () => {
    expect(suite.against('smart-configuration', await smart())).toEqual([]);
    const { status, headers } = await fetch(
      `${suite.server.issuer}/fhir-servers/main/.well-known/smart-configuration`,
      {
        headers: { accept: 'text/html', origin: 'https://some-spa.example' },
      },
    );
    expect(suite.against('discovery headers', shown(status, headers, 'discovery headers'))).toEqual([]);
  });

  test('[BSV-13] [DISC-14] where asymmetric clients are listed, what they need is published', async () => {
    const { issuer } = suite.server;
    const document = await smart();
    expect(document['capabilities']).toContain('client-confidential-asymmetric');
    expect(document).toMatchObject({
      token_endpoint: `${issuer}/token`,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']),
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      scopes_supported: expect.arrayContaining(['system/*.rs']),
    });
  });

  test('[DISC-28] the FHIR server names SMART in its CapabilityStatement, and its capabilities at the well-known address', async () => {
    const statement = await load(`${suite.fhir.base}/metadata`);
    const smartOnFhir = {
      system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
      code: 'SMART-on-FHIR',
    };
    expect(statement).toMatchObject({
      resourceType: 'CapabilityStatement',
      implementation: { url: suite.fhir.base },
      rest: [{ security: { service: [{ coding: [expect.objectContaining(smartOnFhir)] }] } }],
    });
    const here = await smart();
    expect(here).toEqual(
      await load(`${suite.server.issuer}/fhir-servers/main/.well-known/smart-configuration`),
    );
    expect(here['capabilities']).toEqual(
      expect.arrayContaining(example('smart-configuration')['capabilities'] as string[]),
    );
  });

  test('[V1-02] a CapabilityStatement of 1.0.0 says where to authorize, as the example does', async () => {
    const there = `${suite.server.issuer}/fhir-servers/other/.well-known/smart-configuration`;
    const security = capabilitySecurity(await load(there));
    const said = { resourceType: 'CapabilityStatement', rest: [{ mode: 'server', security }] };
    expect(suite.against('capability statement', said)).toEqual([]);
  });

  test('[DISC-27] [OIDC-11] [G10-15] openid-configuration has what it must, and beside it only members that RFCs and OpenID define', async () => {
    expect(suite.against('openid-configuration', await openid())).toEqual([]);
  });

  test('[G10-15] [OIDC-12] each key at jwks_uri can be imported and checks a signature', async () => {
    const { keys } = (await load(String((await openid())['jwks_uri']))) as { keys: readonly JsonWebKey[] };
    const ofRsa = keys.filter(({ kty }) => kty === 'RSA');
    expect(ofRsa.length).toBeGreaterThan(0);
    for (const jwk of keys.filter(({ kty }) => kty !== 'RSA')) {
      const ec = { name: 'ECDSA', namedCurve: 'P-256' };
      expect(await crypto.subtle.importKey('jwk', jwk, ec, false, ['verify'])).toMatchObject({
        type: 'public',
      });
    }
    for (const jwk of ofRsa) {
      const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('jwk', jwk, rsa, false, ['verify']);
      expect(key).toMatchObject({ type: 'public', algorithm: { modulusLength: expect.any(Number) } });
      expect((key.algorithm as RsaHashedKeyAlgorithm).modulusLength).toBeGreaterThanOrEqual(2048);
    }
  });

  test('[CTX-06] [CTX-07] the style document has the members of the example, each of its kind', async () => {
    const launch = await suite.launch('my-health-ios', { patient: 'chloe-shaw' });
    const options = { username: 'chloe', scope: 'launch patient/Patient.rs', params: { launch } };
    const { body } = await suite.token(options);
    const style = await load(String(body['smart_style_url']));
    expect(Object.keys(style).sort()).toEqual(Object.keys(example('style')).sort());
    const kinds: readonly (readonly [string, RegExp])[] = [
      ['color_', /^#[0-9a-f]{6}([0-9a-f]{2})?$/],
      ['dim_', /^\d+px$/],
      ['font_', /^[^<>;{}]+$/],
    ];
    for (const [name, value] of Object.entries(style)) {
      const [, kind] = kinds.find(([prefix]) => name.startsWith(prefix))!;
      expect([name, value]).toEqual([name, expect.stringMatching(kind)]);
    }
  });

  test('[G10-07] every kind of scope that is listed is granted when it is asked for', async () => {
    const { scopes_supported: listed } = (await smart()) as { scopes_supported: readonly string[] };
    const asked = {
      chloe: 'launch/patient openid fhirUser offline_access patient/Patient.rs patient/Condition.read',
      carla: 'launch openid fhirUser offline_access user/Patient.rs user/*.read',
    };
    const granular = listed.filter((scope) => /^(patient|user)\/(Condition|Observation)\.rs\?/.test(scope));
    expect(granular).toHaveLength(18);
    for (const [username, scopes] of Object.entries(asked)) {
      const level = username === 'chloe' ? 'patient' : 'user';
      const scope = [scopes, ...granular.filter((one) => one.startsWith(level))].join(' ');
      const launch = await suite.launch('my-health-ios', { patient: 'chloe-shaw' });
      const params = level === 'user' ? { launch } : {};
      const { status, body } = await suite.token({ username, scope, params });
      expect(status).toBe(200);
      expect(body.scope.split(' ').sort()).toEqual(scope.split(' ').sort());
      for (const word of ['openid', 'fhirUser', 'offline_access']) expect(listed).toContain(word);
    }
  });
});

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Koa from 'koa';

import { discoveryRoutes, styleDocument } from '../../../src/oidc/index.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { FHIR, startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';

const SMART_PATHS = [
  '/fhir/.well-known/smart-configuration',
  '/fhir-servers/main/.well-known/smart-configuration',
];
const OIDC_PATH = '/.well-known/openid-configuration';

type Document = Record<string, unknown>;

// Nothing here depends on the store.
describe('discovery', () => {
  let store: TestStore;
  let server: TestServer;
  beforeAll(async () => {
    store = await testStore('embedded');
    server = await startGatehouse(store, { clients: [PUBLIC_APP] });
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });
  const read = async (path: string): Promise<Document> =>
    (await (await fetch(server.issuer + path)).json()) as Document;

  test.each([...SMART_PATHS, OIDC_PATH, '/jwks'])(
    '[DISC-01] [DISC-02] [DISC-03] [CORS-01] [CORS-07] %s is JSON for anybody, whatever is asked for',
    async (path) => {
      for (const accept of ['*/*', 'application/json', 'application/fhir+json', 'text/html', 'image/png']) {
        const response = await fetch(server.issuer + path, {
          headers: { accept, origin: 'https://app.example' },
        });
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toMatch(/^application\/(json|jwk-set\+json)/);
        expect(response.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
        expect(typeof (await response.json())).toBe('object');
      }
      const head = await fetch(server.issuer + path, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    },
  );

  test('[DISC-04] [DISC-05] [DISC-06] [DISC-07] [DISC-08] [DISC-20] [DISC-21] [DISC-31] absolute URLs of ours without a query, the same in both places', async () => {
    const [one, other] = await Promise.all(SMART_PATHS.map(read));
    expect(other).toEqual(one);
    expect(one).toMatchObject({
      issuer: server.issuer,
      jwks_uri: `${server.issuer}/jwks`,
      authorization_endpoint: `${server.issuer}/authorize`,
      token_endpoint: `${server.issuer}/token`,
      introspection_endpoint: `${server.issuer}/introspect`,
      revocation_endpoint: `${server.issuer}/revoke`,
    });
    for (const [name, value] of Object.entries(one!))
      if (/_(endpoint|uri)$/.test(name)) expect(new URL(String(value)).search).toBe('');
  });

  test('[DISC-09] [DISC-10] [DISC-12] [DISC-13] [DISC-14] [DISC-18] what the SMART document says about methods', async () => {
    expect(await read(SMART_PATHS[0]!)).toMatchObject({
      grant_types_supported: ['authorization_code', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    });
  });

  test('[DISC-29] [OIDC-11] openid-configuration agrees with it', async () => {
    const [smart, oidc] = await Promise.all([SMART_PATHS[0]!, OIDC_PATH].map(read));
    const shared = [
      'issuer',
      'jwks_uri',
      'authorization_endpoint',
      'token_endpoint',
      'introspection_endpoint',
      'revocation_endpoint',
    ];
    for (const member of shared) expect([member, oidc![member]]).toEqual([member, smart![member]]);
    expect(oidc).toMatchObject({
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      end_session_endpoint: `${server.issuer}/logout`,
    });
    for (const off of [
      'userinfo_endpoint',
      'registration_endpoint',
      'device_authorization_endpoint',
      'pushed_authorization_request_endpoint',
    ]) {
      expect(oidc).not.toHaveProperty(off);
    }
    expect(oidc!['request_parameter_supported'] ?? false).toBe(false);
  });

  test('[OIDC-10] [OIDC-11] claims: those of every id token and what scopes bring', async () => {
    const { claims_supported: claims } = (await read(OIDC_PATH)) as { claims_supported: string[] };
    expect(claims.sort()).toEqual(
      ['acr', 'amr', 'aud', 'auth_time', 'exp', 'fhirUser', 'iat', 'iss', 'name', 'sid', 'sub'].sort(),
    );
  });

  test('[DISC-11] [CAP-21] [CAP-01] [CAP-02] [CAP-18] [CAP-23] [CAP-26] capabilities: what is built, once each', async () => {
    const capabilities = (await read(SMART_PATHS[0]!))['capabilities'] as string[];
    expect(new Set(capabilities).size).toBe(capabilities.length);
    const built =
      `launch-ehr launch-standalone client-public client-confidential-symmetric client-confidential-asymmetric
      sso-openid-connect context-banner context-style context-ehr-patient context-ehr-encounter
      context-standalone-patient context-standalone-encounter permission-offline permission-online permission-patient
      permission-user permission-v1 permission-v2`.split(/\s+/);
    expect(capabilities).toEqual(expect.arrayContaining(built));
    expect(capabilities).not.toContain('smart-app-state');
  });

  test('[CAP-09] context-style is advertised exactly where a style document is served', async () => {
    const { issuer } = server;
    const fhir = { id: 'main', name: 'FHIR', url: FHIR };
    const tokens = {
      accessTokenFormat: 'opaque',
      accessTokenAlgorithm: 'ES256',
      localPasswords: 'allowed',
    } as const;
    const sensitiveKinds: [] = [];
    const fhirServers = [{ ...fhir, smartVersion: '2.2.0', ...tokens, sensitiveKinds } as const];
    const style = styleDocument(issuer);
    for (const mounted of [style, undefined]) {
      const app = new Koa();
      if (mounted) app.use(mounted.router.routes());
      const http = app
        .use(discoveryRoutes({ issuer, fhirServers }, mounted, '/apps').routes())
        .listen(0, 'localhost');
      await once(http, 'listening');
      const base = `http://localhost:${(http.address() as AddressInfo).port}`;
      const document = await (await fetch(base + SMART_PATHS[0]!)).json();
      const { capabilities } = document as { capabilities: string[] };
      const { status } = await fetch(base + new URL(style.url).pathname);
      expect([capabilities.includes('context-style'), status]).toEqual(mounted ? [true, 200] : [false, 404]);
      await new Promise((resolve) => http.close(resolve));
    }
  });

  test('[CAP-03] authorize-post is advertised exactly when a form-encoded POST works', async () => {
    const capabilities = (await read(SMART_PATHS[0]!))['capabilities'] as string[];
    const body = new URLSearchParams({ client_id: 'nobody' });
    const { status } = await fetch(`${server.issuer}/authorize`, {
      method: 'POST',
      body,
      redirect: 'manual',
    });
    expect([404, 405].includes(status)).toBe(!capabilities.includes('authorize-post'));
  });

  test('[DISC-16] [SCO-23] scopes: each once, wildcards of v1 and v2 and parts of a type, and our own as a URI', async () => {
    const scopes = (await read(SMART_PATHS[0]!))['scopes_supported'] as string[];
    expect(new Set(scopes).size).toBe(scopes.length);
    const lab = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
    for (const level of ['patient', 'user', 'system']) {
      expect(scopes).toEqual(
        expect.arrayContaining([
          `${level}/*.rs`,
          `${level}/*.read`,
          `${level}/Observation.rs?category=${lab}`,
        ]),
      );
    }
    const others = [
      'openid',
      'fhirUser',
      'launch',
      'launch/patient',
      'launch/encounter',
      'offline_access',
      'online_access',
    ];
    expect(scopes).toEqual(expect.arrayContaining([...others, `${server.issuer}/scopes/launch`]));
  });

  test('[OIDC-02] [OIDC-03] [OIDC-12] the keys are bare public ones with ids of their own, RSA keys among them', async () => {
    const { keys } = (await read('/jwks')) as { keys: Document[] };
    expect(keys.length).toBeGreaterThanOrEqual(2);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    const shapes = {
      RS256: [
        { kty: 'RSA', e: 'AQAB' },
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      ],
      ES256: [
        { kty: 'EC', crv: 'P-256' },
        { name: 'ECDSA', namedCurve: 'P-256' },
      ],
    } as const;
    expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(Object.keys(shapes)));
    for (const key of keys) {
      const [shape, algorithm] = shapes[key['alg'] as keyof typeof shapes];
      expect(key).toMatchObject({ ...shape, use: 'sig', kid: expect.any(String) });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(secret);
      await crypto.subtle.importKey('jwk', key as JsonWebKey, algorithm, true, ['verify']);
    }
  });

  test('[GEN-05] a FHIR base URL we do not serve has no document here', async () => {
    for (const path of [
      '/other/.well-known/smart-configuration',
      '/fhir-servers/other/.well-known/smart-configuration',
    ]) {
      expect((await fetch(server.issuer + path)).status).toBe(404);
    }
    expect(FHIR.endsWith('/fhir')).toBe(true);
  });
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import { EncryptJWT, SignJWT, UnsecuredJWT, decodeJwt } from 'jose';
import { pino } from 'pino';

import { clientRegistration } from '../../../src/clients/index.ts';
import { expectRecorded, expectTokenRefused } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
} from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, postForm, redeem, refresh } from '../../support/flow.ts';
import { FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const DOCUMENTS = [
  '/fhir/.well-known/smart-configuration',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];
const KEYED = await keyedClient('keyed-app', 'ES384', {
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code'],
  scope: String(PUBLIC_APP.scope),
});

// What is not there is not there on either store.
describe('what this server does not offer', () => {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => void (logged += line) });
  const suite = gatehouseOn(
    'embedded',
    () => ({ clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, KEYED.registration] }),
    { log },
  );
  let documents: Record<string, unknown>[] = [];
  beforeAll(async () => {
    documents = await Promise.all(
      DOCUMENTS.map(async (path) => {
        const response = await fetch(suite.server.issuer + path);
        return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : {};
      }),
    );
  });
  const membersLike = (pattern: RegExp): string[] =>
    documents.flatMap((one) => Object.keys(one)).filter((name) => pattern.test(name));
  const valuesOf = (name: string): unknown[] => documents.flatMap((one) => one[name] ?? []);
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(suite.server.issuer + path, fields, headers);
  const introspect = async (token: string): Promise<Record<string, unknown>> =>
    (await form('/introspect', { token }, basic('fhir-server', RS_SECRET))).body;
  const statusOf = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(suite.server.issuer + path, init)).status;

  test('the documents are there', () => {
    for (const document of documents) expect(document['token_endpoint']).toMatch(/\/token$/);
  });

  describe('request objects', () => {
    const encrypted = (): Promise<string> =>
      new EncryptJWT({ client_id: 'keyed-app', scope: 'user/*.cruds' })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(new Uint8Array(32));
    const parameters = { response_type: 'code', client_id: 'keyed-app', redirect_uri: REDIRECT };

    test.each<[string, () => string | Promise<string>]>([
      ['with alg none', () => new UnsecuredJWT(parameters).encode()],
      ['encrypted, with nothing signed inside', encrypted],
      [
        'signed with the key of another client',
        () =>
          new SignJWT(parameters)
            .setProtectedHeader({ alg: 'HS256' })
            .sign(new TextEncoder().encode(SECRET.padEnd(32, '-'))),
      ],
      [
        'signed with its own key',
        () => new SignJWT(parameters).setProtectedHeader({ alg: 'ES384', kid: 'x' }).sign(KEYED.privateKey),
      ],
    ])('[A057] [audited] a request object %s is not read', async (_what, make) => {
      const params = { request: await make() };
      const url = authorizeUrl(suite.server.issuer, { clientId: 'keyed-app', params }, pkce().challenge);
      const response = await expectRecorded(suite.server.audit, () => new CookieBrowser().get(url), {
        ...{ type: 'authorize', reason: /^request_not_supported/, more: { clientId: 'keyed-app' } },
      });
      const { searchParams } = new URL(String(response.headers.get('location')));
      expect([searchParams.get('error'), searchParams.get('code')]).toEqual(['request_not_supported', null]);
      expect(JSON.stringify(suite.server.audit)).not.toContain(params.request);
    });

    test('[A057] nor announced', () => {
      expect(membersLike(/^request_object_|^require_signed_request_object$/)).toEqual([]);
      for (const name of ['request_parameter_supported', 'request_uri_parameter_supported'])
        expect(valuesOf(name).filter((value) => value !== false)).toEqual([]);
    });
  });

  test('[A064] pushed requests: no address takes one, with or without the secret of a client', async () => {
    const fields = { response_type: 'code', client_id: 'secret-app', redirect_uri: REDIRECT, aud: FHIR };
    // The last one is where a browser comes back by GET, to an interaction of that name.
    for (const [path, status] of [
      ['/par', 404],
      ['/request', 404],
      ['/authorize/par', 405],
    ] as const)
      for (const headers of [{}, basic('secret-app', SECRET)]) {
        const body = new URLSearchParams(fields);
        expect([path, await statusOf(path, { method: 'POST', body, headers })]).toEqual([path, status]);
      }
    expect(membersLike(/pushed_authorization/)).toEqual([]);
  });

  test('[A159] [A160] [audited] certificates of clients: no header is one, and no client may be registered to show one', async () => {
    const authorized = await authorize(suite.server.issuer, { clientId: 'secret-app' });
    const shown = {
      ...{ 'x-client-cert': 'MIIB', 'x-ssl-client-cert': 'MIIB', 'ssl-client-verify': 'SUCCESS' },
      ...{ 'x-forwarded-client-cert': 'Subject="CN=secret-app"', 'client-cert': ':MIIB:' },
      'x-ssl-client-s-dn': 'CN=secret-app',
    };
    const byHeader = await expectTokenRefused(
      suite.server.audit,
      () => redeem(suite.server.issuer, authorized, { client_id: 'secret-app' }, shown),
      /^invalid_client: /,
      { clientId: 'secret-app' },
    );
    expect([byHeader.status, byHeader.body.error]).toEqual([401, 'invalid_client']);
    const { body } = await redeem(
      suite.server.issuer,
      authorized,
      {},
      { ...basic('secret-app', SECRET), ...shown },
    );
    expect(await introspect(body.access_token)).not.toHaveProperty('cnf');
    for (const method of ['tls_client_auth', 'self_signed_tls_client_auth']) {
      const registered = clientRegistration.safeParse({ ...SECRET_APP, token_endpoint_auth_method: method });
      expect(registered.success).toBe(false);
      expect(valuesOf('token_endpoint_auth_methods_supported')).not.toContain(method);
    }
    expect(membersLike(/mtls|tls_client/)).toEqual([]);
  });

  test('[A173] [A174] [audited] DPoP: a proof binds nothing, no answer says it did, and a token is taken as Bearer only', async () => {
    const { issuer } = suite.server;
    const proof = await new SignJWT({ htm: 'GET', htu: 'https://else.example', jti: 'one' })
      .setProtectedHeader({ alg: 'ES384', typ: 'dpop+jwt', jwk: KEYED.publicJwk })
      .setIssuedAt(0)
      .sign(KEYED.privateKey);
    const { body } = await redeem(
      issuer,
      await authorize(issuer),
      { client_id: 'public-app' },
      { dpop: proof },
    );
    expect(body).toMatchObject({ token_type: 'Bearer' });
    expect(await introspect(body.access_token)).toMatchObject({ active: true, token_type: 'Bearer' });
    expect(await introspect(body.access_token)).not.toHaveProperty('cnf');
    expect((await refresh(issuer, body.refresh_token)).body).toMatchObject({ token_type: 'Bearer' });
    const shown = { authorization: `DPoP ${body.access_token}`, dpop: proof };
    const asked = await expectRecorded(suite.server.audit, () => form('/introspect', { token: 'x' }, shown), {
      type: 'request.refused',
      reason: /^invalid_/,
      more: { what: 'introspection' },
    });
    expect(JSON.stringify(suite.server.audit)).not.toContain(body.access_token);
    expect(asked.status).toBeGreaterThanOrEqual(400);
    expect(await statusOf('/userinfo', { headers: { authorization: `DPoP ${body.access_token}` } })).toBe(
      404,
    );
    expect(membersLike(/dpop/i)).toEqual([]);
  });

  test('[A187] userinfo: neither by header nor in the query, and the log does not repeat what was sent', async () => {
    const { issuer } = suite.server;
    const { body } = await redeem(issuer, await authorize(issuer));
    const query = `access_token=${body.access_token}`;
    for (const path of ['/userinfo', '/me']) {
      expect(await statusOf(`${path}?${query}`)).toBe(404);
      expect(await statusOf(path, { headers: { authorization: `Bearer ${body.access_token}` } })).toBe(404);
      expect(await statusOf(path, { method: 'POST', body: new URLSearchParams(query) })).toBe(404);
    }
    expect(logged).toContain('"path":"other"');
    expect(logged).not.toContain(body.access_token);
    expect(membersLike(/userinfo/)).toEqual([]);
  });

  test('[A190] registration: no address takes one, whatever token is shown, and none is announced', async () => {
    const metadata = JSON.stringify({ client_name: 'Anybody', redirect_uris: ['https://app.example/cb'] });
    const json = { 'content-type': 'application/json' };
    for (const path of ['/reg', '/register', '/registration', '/clients', '/reg/public-app'])
      for (const headers of [json, { ...json, authorization: 'Bearer an-initial-token' }]) {
        expect(await statusOf(path, { method: 'POST', headers, body: metadata })).toBe(404);
        expect(await statusOf(path, { method: 'PUT', headers, body: metadata })).toBe(404);
      }
    expect(membersLike(/registration/)).toEqual([]);
    expect(valuesOf('capabilities')).not.toContain('client-registration');
  });

  // RFC 9700 §4.11.2 leaves the way back to a server that trusts the address: here an operator has put each of them in.
  test('[A018] [audited] before anybody has signed in, an error goes only where the operator lets the app be sent', async () => {
    const ask = async (params: Record<string, string>): Promise<[number, string | undefined]> => {
      const url = authorizeUrl(suite.server.issuer, { scope: 'nonsense', params }, pkce().challenge);
      const response = await expectRecorded(suite.server.audit, () => new CookieBrowser().get(url), {
        ...{ type: 'authorize', reason: /^invalid_(scope|redirect_uri|client)/ },
      });
      return [response.status, response.headers.get('location')?.split('?')[0]];
    };
    expect(await ask({})).toEqual([303, REDIRECT]);
    expect(await ask({ redirect_uri: 'https://evil.example/' })).toEqual([400, undefined]);
    expect(await ask({ redirect_uri: `${REDIRECT}@evil.example` })).toEqual([400, undefined]);
    expect(await ask({ client_id: 'https://evil.example/client.json' })).toEqual([400, undefined]);
  });

  test('[A127] [audited] a secret in the address is none, also of the right client, and stays out of log and answer', async () => {
    const { issuer } = suite.server;
    const authorized = await authorize(issuer, { clientId: 'secret-app' });
    const inQuery = new URLSearchParams({ client_id: 'secret-app', client_secret: SECRET });
    const fields = {
      ...{ grant_type: 'authorization_code', code: authorized.code, redirect_uri: REDIRECT },
      code_verifier: authorized.verifier,
    };
    const { audit } = suite.server;
    const refused = await expectTokenRefused(
      audit,
      () => form(`/token?${inQuery}`, fields),
      /^invalid_request: /,
    );
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request']);
    const withName = () => form(`/token?${inQuery}`, { ...fields, client_id: 'secret-app' });
    const named = await expectTokenRefused(audit, withName, /^invalid_client: /, { clientId: 'secret-app' });
    expect(JSON.stringify(audit)).not.toContain(SECRET);
    expect([named.status, named.body.error]).toEqual([401, 'invalid_client']);
    expect(JSON.stringify([refused.body, named.body]) + logged).not.toContain(SECRET);
    expect((await redeem(issuer, authorized, {}, basic('secret-app', SECRET))).status).toBe(200);
  });

  test('[A127] each client by the method it is registered for, and by no other', async () => {
    const { issuer } = suite.server;
    const asserted = async (sub: string): Promise<Record<string, string>> => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await KEYED.assertion(`${issuer}/token`, { iss: sub, sub }),
    });
    const ofSecret = await authorize(issuer, { clientId: 'secret-app' });
    const ofKey = await authorize(issuer, { clientId: 'keyed-app' });
    const answers = [
      await redeem(issuer, ofSecret, { client_id: 'secret-app', client_secret: SECRET }),
      await redeem(issuer, ofSecret, { client_id: 'secret-app' }),
      await redeem(issuer, ofSecret, await asserted('secret-app')),
      await redeem(issuer, ofKey, {}, basic('keyed-app', SECRET)),
      await redeem(issuer, ofKey, { client_id: 'keyed-app' }),
    ];
    expect(answers.map(({ status, body }) => [status, body.error])).toEqual(
      Array(answers.length).fill([401, 'invalid_client']),
    );
    expect((await redeem(issuer, ofSecret, {}, basic('secret-app', SECRET))).status).toBe(200);
    expect((await redeem(issuer, ofKey, await asserted('keyed-app'))).status).toBe(200);
  });

  test('[A106] [audited] no code is without a challenge, so a verifier alone proves nothing', async () => {
    const { issuer } = suite.server;
    const { verifier } = pkce();
    for (const clientId of ['public-app', 'secret-app', 'keyed-app']) {
      const params = { code_challenge: undefined, code_challenge_method: undefined };
      const url = authorizeUrl(issuer, { clientId, params }, '');
      const refused = await expectRecorded(suite.server.audit, () => new CookieBrowser().get(url), {
        ...{ type: 'authorize', reason: /^invalid_request: /, more: { clientId } },
      });
      const { searchParams } = new URL(String(refused.headers.get('location')));
      expect([searchParams.get('error'), searchParams.get('code')]).toEqual(['invalid_request', null]);
    }
    const authorized = await authorize(issuer);
    const other = await expectTokenRefused(
      suite.server.audit,
      () => redeem(issuer, { ...authorized, verifier }),
      /^invalid_grant: /,
      { clientId: 'public-app' },
    );
    expect([other.status, other.body.error]).toEqual([400, 'invalid_grant']);
    const none = await redeem(issuer, authorized, { client_id: 'public-app', code_verifier: '' });
    expect([none.status, none.body.error]).toEqual([400, 'invalid_grant']);
    expect((await redeem(issuer, authorized)).status).toBe(200);
  });

  test('[A104] [audited] a code shown by another client is refused and on record, and stays good for its own', async () => {
    const { issuer } = suite.server;
    const authorized = await authorize(issuer);
    const before = suite.server.audit.length;
    const stolen = await redeem(issuer, authorized, {}, basic('secret-app', SECRET));
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    const said = suite.server.audit.slice(before).filter(({ type }) => type.startsWith('token.'));
    expect(said).toEqual([
      expect.objectContaining({
        ...{ type: 'token.refused', outcome: 'refused', clientId: 'secret-app' },
        reason: expect.stringMatching(/^invalid_grant: client mismatch/),
      }),
    ]);
    const { status, body } = await redeem(issuer, authorized);
    expect([status, (await introspect(body.access_token))['active']]).toEqual([200, true]);
  });

  test.each([
    ['that are no JSON', '{"id_token":'],
    ['of another shape', '[1,2]'],
    [
      'that want more than was asked for',
      '{"id_token":{"fhirUser":{"essential":true},"sub":{"value":"u-else"}}}',
    ],
  ])('[A058] claims %s are ignored: the same is granted, and no claim more', async (_what, claims) => {
    const { issuer } = suite.server;
    const scope = 'openid launch/patient patient/Patient.rs';
    const claimsOf = async (params: Record<string, string>): Promise<string[]> => {
      const { body } = await redeem(issuer, await authorize(issuer, { scope, params }));
      expect(body.scope).toBe(scope);
      return Object.keys(decodeJwt(String(body['id_token']))).sort();
    };
    expect(await claimsOf({ claims })).toEqual(await claimsOf({}));
    expect(valuesOf('claims_parameter_supported').filter((value) => value !== false)).toEqual([]);
  });

  test.each(['{"client_name":"Anybody"}', '{', 'x'])(
    '[A058] [audited] a registration in passing (%s) is refused at the app',
    async (registration) => {
      const url = authorizeUrl(suite.server.issuer, { params: { registration } }, pkce().challenge);
      const { status, headers } = await expectRecorded(
        suite.server.audit,
        () => new CookieBrowser().get(url),
        {
          ...{ type: 'authorize', reason: /^registration_not_supported/, more: { clientId: 'public-app' } },
        },
      );
      const to = new URL(String(headers.get('location')));
      expect([status, to.origin + to.pathname, to.searchParams.get('error')]).toEqual([
        ...[303, REDIRECT, 'registration_not_supported'],
      ]);
    },
  );
});

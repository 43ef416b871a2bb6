import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

import { clientRegistration } from '../../../src/clients/index.ts';
import { createClientStore } from '../../../src/store/index.ts';
import { expectTokenRefused } from '../../support/audited.ts';
import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  REDIRECT,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, postForm, redeem, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const RSA = await keyedClient('rsa-backend', 'RS384');
const EC = await keyedClient('ec-backend', 'ES384');
const OTHER = await keyedClient('other-backend', 'ES384');
const APP = await keyedClient('keyed-app', 'ES384', {
  ...PUBLIC_APP,
  client_id: 'keyed-app',
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['authorization_code', 'refresh_token'],
});
const now = (): number => Math.floor(Date.now() / 1000);

describe.each(DRIVERS)('client assertions on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, RSA.registration, EC.registration, OTHER.registration, APP.registration],
  }));
  const tokenUrl = (): string => `${suite.server.issuer}/token`;
  const send = (assertion: string, form: Record<string, string> = {}): Promise<TokenAnswer> =>
    backendToken(suite.server.issuer, EC, 'system/Patient.rs', { client_assertion: assertion, ...form });

  const refused = (ask: () => Promise<TokenAnswer>, reason = /^invalid_client: /): Promise<TokenAnswer> =>
    expectTokenRefused(suite.server.audit, ask, reason, { grantType: 'client_credentials' });

  /** A second client with one key id for two keys, as only a JWKS at a URL can be; registration refuses it. */
  let twice: KeyedClient;
  beforeAll(async () => {
    twice = await keyedClient('twice', 'ES384');
    const { publicKey } = await generateKeyPair('ES384');
    const other = { ...(await exportJWK(publicKey)), kid: twice.publicJwk.kid, alg: 'ES384', use: 'sig' };
    const { jwks, ...rest } = clientRegistration.parse(twice.registration);
    const keys = [...jwks!.keys, other as (typeof jwks & object)['keys'][number]];
    const vault = suite.server.vault;
    await createClientStore(vault).add({ ...rest, jwks: { keys } });
  });

  test.each([
    ['CLI-08', 'RS384', RSA, {}, {}],
    ['CLI-08', 'ES384', EC, {}, {}],
    ['CLI-20', 'aud as a list of one', EC, { aud: 'list' }, {}],
    ['CLI-20', 'aud is the issuer', EC, { aud: 'issuer' }, {}],
    ['GEN-08', 'exp exactly five minutes ahead', EC, { exp: 300 }, {}],
    ['CLI-07', 'no iat and no nbf', EC, { iat: undefined, nbf: undefined }, {}],
    ['A143', 'iat and nbf a few seconds ahead', EC, { iat: 8, nbf: 8 }, {}],
  ] as const)('[%s] %s is accepted', async (_id, _what, client, claims, header) => {
    const assertion = await client.assertion(
      tokenUrl(),
      resolve(claims, tokenUrl(), suite.server.issuer),
      header,
    );
    const { status, body } = await send(assertion);
    expect([status, body.error]).toEqual([200, undefined]);
  });

  test.each([
    ['[A141]', 'exp missing', { exp: undefined }, {}, /^the assertion exp|expiration \(exp\)|exp/],
    ['[A141]', 'exp past', { exp: -120 }, {}, /exp/],
    [
      '[A142]',
      'exp ten minutes ahead',
      { exp: 600 },
      {},
      /^the assertion exp must be at most five minutes ahead/,
    ],
    ['[A142]', 'exp as text', { exp: 'tomorrow' }, {}, /exp/],
    ['[CLI-07]', 'aud of another server', { aud: 'https://other.example/token' }, {}, /aud/],
    ['[CLI-07]', 'aud missing', { aud: undefined }, {}, /aud/],
    [
      '[CLI-20]',
      'aud with a second member that is not us',
      { aud: 'evil-list' },
      {},
      /^the assertion aud must be the token endpoint URL/,
    ],
    ['[A139] [CLI-11] [CLI-07]', 'iss is another client', { iss: 'other-backend' }, {}, /iss/],
    ['[A139] [CLI-11] [CLI-07]', 'iss missing', { iss: undefined }, {}, /iss/],
    [
      '[A139] [CLI-11]',
      'iss and sub are of nobody we know',
      { iss: 'nobody', sub: 'nobody' },
      {},
      /^client authentication failed/,
    ],
    [
      '[A139] [CLI-11] [CLI-07]',
      'sub is another client',
      { sub: 'other-backend' },
      {},
      /^iss \(JWT issuer\) must be the client_id/,
    ],
    ['[A143]', 'iat two minutes ahead', { iat: 120 }, {}, /iat|in the future/],
    ['[A143]', 'nbf two minutes ahead', { nbf: 120 }, {}, /nbf|in the future|not active yet/],
    ['[A144]', 'jti missing', { jti: undefined }, {}, /jti/],
    ['[A144]', 'jti is a number', { jti: 7 }, {}, /jti/],
    ['[A144]', 'jti of 10 kB', { jti: 'x'.repeat(10_000) }, {}, /^the assertion jti must be a string/],
    ['[A134]', 'no kid', {}, { kid: undefined }, /^the assertion header has no kid/],
    [
      '[A135]',
      'a kid nobody registered',
      {},
      { kid: 'unknown' },
      /^(no applicable key found|the assertion kid names no registered key)/,
    ],
    [
      '[A137]',
      'a jku that is not registered',
      {},
      { jku: 'http://localhost:1/jwks' },
      /^the assertion jku is not the registered JWKS URL/,
    ],
    ['[CLI-06]', 'no typ', {}, { typ: undefined }, /^the assertion header typ must be JWT/],
    ['[A149]', 'typ is not JWT', {}, { typ: 'at+jwt' }, /^the assertion header typ must be JWT/],
  ] as const)(
    '%s [audited] [CLI-18] %s → 401 invalid_client',
    async (_ids, _what, claims, header, description) => {
      const assertion = await EC.assertion(
        tokenUrl(),
        resolve(claims, tokenUrl(), suite.server.issuer),
        header,
      );
      const { status, body, headers } = await refused(() => send(assertion));
      expect([status, body.error]).toEqual([401, 'invalid_client']);
      expect(JSON.stringify(suite.server.audit.at(-1))).not.toContain(assertion);
      expect(body['error_description']).toMatch(description);
      expect(body['error_description']).toMatch(/\(reference \S{14}\)$/);
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    },
  );

  test('[A131] [A132] [audited] [CLI-22] alg none, HS256 with the public key as secret, a foreign algorithm or key: 401', async () => {
    const claims = {
      iss: 'ec-backend',
      sub: 'ec-backend',
      aud: tokenUrl(),
      exp: now() + 200,
      jti: crypto.randomUUID(),
    };
    const none = new UnsecuredJWT({ ...claims }).encode();
    const header = { alg: 'HS256', typ: 'JWT', kid: EC.publicJwk.kid! };
    const secret = new TextEncoder().encode(JSON.stringify(EC.publicJwk));
    const hmac = await new SignJWT(claims).setProtectedHeader(header).sign(secret);
    const { privateKey } = await generateKeyPair('ES256');
    const es256 = await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'ES256' }).sign(privateKey);
    const stranger = await OTHER.assertion(
      tokenUrl(),
      { iss: 'ec-backend', sub: 'ec-backend' },
      { kid: EC.publicJwk.kid },
    );
    for (const assertion of [none, hmac, es256, stranger]) {
      const { status, body } = await refused(() => send(assertion));
      expect([status, body.error]).toEqual([401, 'invalid_client']);
    }
  });

  test('[A136] [audited] [CLI-15] a kid that two registered keys share is refused', async () => {
    const assertion = await twice.assertion(tokenUrl());
    const { status, body } = await refused(() => send(assertion));
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(body['error_description']).toMatch(/^the assertion kid names more than one registered key/);
  });

  test('[CLI-18] [A132] [audited] [OP-06] a signature that was cut, a text that is no JWT, and another assertion type', async () => {
    const assertion = await EC.assertion(tokenUrl());
    for (const bad of [assertion.slice(0, -8), 'not.a.jwt', 'x']) {
      const { status, body } = await refused(() => send(bad));
      expect([bad, status, body.error]).toEqual([bad, 401, 'invalid_client']);
    }
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    const { status, body } = await refused(() => send(assertion, { client_assertion_type: saml }));
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(body['error_description']).toMatch(/^client_assertion_type must have value urn:/);
    expect((await send('')).status).toBe(400);
  });

  test('[A145] [audited] [CLI-10] an assertion sent again is refused', async () => {
    const assertion = await EC.assertion(tokenUrl());
    expect((await send(assertion)).status).toBe(200);
    const again = await refused(() => send(assertion));
    expect([again.status, again.body.error]).toEqual([401, 'invalid_client']);
  });

  test('[A145] [SEC-05] of 50 parallel uses of one assertion exactly one succeeds', async () => {
    const assertion = await EC.assertion(tokenUrl());
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 200);
    expect(new Set(others.map(({ status, body }) => `${status} ${body.error}`))).toEqual(
      new Set(['401 invalid_client']),
    );
  });

  test('[A145] the same jti of another client is another one', async () => {
    const jti = crypto.randomUUID();
    for (const client of [EC, OTHER]) {
      expect((await send(await client.assertion(tokenUrl(), { jti }))).status).toBe(200);
    }
  });

  test('[A147] [audited] an assertion whose request failed is used up as well', async () => {
    const assertion = await EC.assertion(tokenUrl());
    const failed = await refused(() => send(assertion, { scope: 'patient/Patient.rs' }), /^invalid_scope: /);
    expect([failed.status, failed.body.error]).toEqual([400, 'invalid_scope']);
    expect((await refused(() => send(assertion))).status).toBe(401);
  });

  test('[A151] [audited] [CLI-25] a client_id beside the assertion must be the same', async () => {
    const assertion = await EC.assertion(tokenUrl());
    const other = await refused(
      () => send(assertion, { client_id: 'other-backend' }),
      /^invalid_(client|request): /,
    );
    expect([400, 401]).toContain(other.status);
    expect((await send(await EC.assertion(tokenUrl()), { client_id: 'ec-backend' })).status).toBe(200);
  });

  test('[CAP-06] [CLI-24] an app with a key redeems and refreshes with an assertion each time, and not without', async () => {
    const authorized = await authorize(suite.server.issuer, { clientId: 'keyed-app' });
    const signed = async () => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await APP.assertion(tokenUrl()),
    });
    const bare = await redeem(suite.server.issuer, authorized, { client_id: 'keyed-app' });
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client']);
    const { body } = await redeem(suite.server.issuer, authorized, await signed());
    expect(body).toMatchObject({ patient: 'p1' });
    const again = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expect((await postForm(tokenUrl(), again)).status).toBeGreaterThanOrEqual(400);
    expect(
      (await postForm(tokenUrl(), { ...again, redirect_uri: REDIRECT, ...(await signed()) })).status,
    ).toBe(200);
  });
});

/** Times are written as seconds from now, audiences by what they are. */
function resolve(
  claims: Readonly<Record<string, unknown>>,
  tokenUrl: string,
  issuer: string,
): Record<string, unknown> {
  const audiences: Readonly<Record<string, unknown>> = {
    list: [tokenUrl],
    issuer,
    'evil-list': [tokenUrl, 'https://evil.example'],
  };
  const entries = Object.entries(claims).map(([name, value]) => {
    if (name === 'aud') return [name, typeof value === 'string' ? (audiences[value] ?? value) : value];
    return [name, name !== 'jti' && typeof value === 'number' ? now() + value : value];
  });
  return Object.fromEntries(entries);
}

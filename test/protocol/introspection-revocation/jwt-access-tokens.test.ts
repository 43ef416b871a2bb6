import { beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const RS = basic('fhir-server', RS_SECRET);
const INACTIVE = { active: false };
const OTHER = 'http://localhost:3998/fhir/r4';
/** With 98 others it fills a scope parameter nearly to its limit. */
const LONG_SCOPE = `patient/Observation.rs?code=${'x'.repeat(1000)}`;

describe.each(DRIVERS)('JWT access tokens on %s', (driver) => {
  let backend: KeyedClient;
  const clients = [PUBLIC_APP, RESOURCE_SERVER];
  const jwt = { accessTokenFormat: 'jwt' as const };
  const fhirServers = [
    { id: 'main', name: 'Main', url: FHIR, ...jwt },
    { id: 'other', name: 'Other', url: OTHER, ...jwt, accessTokenAlgorithm: 'RS256' as const },
  ];
  const suite = gatehouseOn(driver, async (issuer) => {
    const scope = `${issuer}/scopes/introspect system/*.rs`;
    backend = await keyedClient('backend', 'ES384', { scope, rights: ['introspect'] });
    return { fhirServers, clients: [...clients, backend.registration] };
  });
  const other = gatehouseOn(driver, () => ({ fhirServers, clients }));

  const tokens = async (issuer = suite.server.issuer): Promise<TokenAnswer['body']> =>
    (await redeem(issuer, await authorize(issuer))).body;
  const ask = async (token: string, headers: Record<string, string> = RS) =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, headers)).body;
  const revoke = (token: string, more: Record<string, string> = {}) =>
    postForm(`${suite.server.issuer}/revoke`, { token, client_id: 'public-app', ...more });

  let issued: TokenAnswer['body'];
  beforeAll(async () => {
    issued = await tokens();
  });

  test('[TOK-21] [INT-13] it is signed with a published key and says what RFC 9068 asks', async () => {
    const { issuer } = suite.server;
    const jwks = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(issued.access_token, jwks, {
      issuer,
      audience: FHIR,
      typ: 'at+jwt',
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) });
    expect(payload).toMatchObject({
      client_id: 'public-app',
      scope: issued.scope,
      sub: expect.any(String),
      jti: expect.stringMatching(/^gja_/),
      patient: 'p1',
      fhirUser: `${FHIR}/Patient/p1`,
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(3600);
  });

  test('[TOK-22] [CTX-01] the context is at the top level of the answer all the same', () => {
    expect(issued).toMatchObject({ token_type: 'Bearer', patient: 'p1', expires_in: 3600 });
  });

  test('[INT-03] [INT-04] [INT-13] introspection says what the token says', async () => {
    const { jti: _jti, ...claims } = decodeJwt(issued.access_token);
    expect(await ask(issued.access_token)).toEqual({ ...claims, active: true, token_type: 'Bearer' });
  });

  test('[INT-08] [BSV-08] a backend token is one too, and opens the other door', async () => {
    const { issuer } = suite.server;
    const { body } = await backendToken(issuer, backend, `${issuer}/scopes/introspect system/Patient.rs`);
    expect(decodeProtectedHeader(body.access_token)).toMatchObject({ typ: 'at+jwt' });
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: 'backend', client_id: 'backend', aud: FHIR });
    const authorization = `Bearer ${body.access_token}`;
    expect(await ask(issued.access_token, { authorization })).toEqual(await ask(issued.access_token));
    expect(await ask(body.access_token)).toMatchObject({ active: true, client_id: 'backend' });
    const respelled = { authorization: `Bearer ${body.access_token.replaceAll('.', '~')}` };
    expect(await ask(issued.access_token, respelled)).toMatchObject({ error: 'invalid_token' });
    expect((await revokeAs(backend, body.access_token)).status).toBe(200);
    expect(await ask(body.access_token)).toEqual(INACTIVE);
  });

  const revokeAs = async (client: KeyedClient, token: string): Promise<TokenAnswer> => {
    const { issuer } = suite.server;
    return postForm(`${issuer}/revoke`, {
      token,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await client.assertion(`${issuer}/token`),
    });
  };

  test('[INT-06] [A186] only what we wrote, to the letter, is active', async () => {
    const [header = '', payload = '', signature = ''] = issued.access_token.split('.');
    const { jti = '' } = decodeJwt(issued.access_token);
    const claims = { ...decodeJwt(issued.access_token), scope: 'system/*.cruds' };
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const strangers = (await tokens(other.server.issuer)).access_token;
    const wrong = [
      jti,
      jti.replace('gja_', 'gat_'),
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -2)}`,
      `${header}.${payload}`,
      issued.access_token.replaceAll('.', '~'),
      issued.access_token.replace('.', '~'),
      `${header}..${signature}`,
      strangers,
      issued['id_token'] as string,
    ];
    for (const token of wrong) expect({ token, told: await ask(token) }).toEqual({ token, told: INACTIVE });
    expect(await ask(issued.access_token)).toMatchObject({ active: true });
  });

  test('[REV-03] [REV-06] revoking it, or the refresh token beside it, is seen at once', async () => {
    const alone = await tokens();
    expect((await revoke(alone.access_token, { token_type_hint: 'access_token' })).status).toBe(200);
    expect(await ask(alone.access_token)).toEqual(INACTIVE);
    const { body: next } = await refresh(suite.server.issuer, alone.refresh_token);
    expect(await ask(next.access_token)).toMatchObject({ active: true, scope: alone.scope, patient: 'p1' });
    await revoke(next.refresh_token);
    expect(await ask(next.access_token)).toEqual(INACTIVE);
  });

  test('[TOK-21] a FHIR server that knows nothing else has its tokens signed with RS256', async () => {
    const { issuer } = suite.server;
    const { body } = await redeem(issuer, await authorize(issuer, { params: { aud: OTHER } }));
    const jwks = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { protectedHeader } = await jwtVerify(body.access_token, jwks, { issuer, audience: OTHER });
    expect(protectedHeader.alg).toBe('RS256');
    expect(await ask(body.access_token)).toMatchObject({ active: true, aud: OTHER });
  });

  test('[REV-08] another client cannot revoke it', async () => {
    expect(await revokeAs(backend, issued.access_token)).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: expect.stringMatching(/^the token was issued to another client/),
      },
    });
    expect(await ask(issued.access_token)).toMatchObject({ active: true });
  });

  test('[TOK-08] [SCO-30] a token that would be too long for a header is issued as a reference', async () => {
    const { issuer } = suite.server;
    const scopesOf = (count: number): string =>
      [
        'launch/patient',
        ...Array.from({ length: count }, (_, at) => `patient/Observation.rs?code=${at}`),
      ].join(' ');
    const long = await redeem(issuer, await authorize(issuer, { scope: scopesOf(60) }));
    expect(decodeJwt(long.body.access_token)).toMatchObject({ scope: scopesOf(60) });
    const most = { scope: `${scopesOf(98)} ${LONG_SCOPE}`, params: { aud: OTHER } };
    const longer = await redeem(issuer, await authorize(issuer, most));
    expect(longer.body.access_token).toMatch(/^gat_/);
    expect(await ask(longer.body.access_token)).toMatchObject({ active: true, scope: longer.body.scope });
  });
});

import { beforeAll, describe, expect, test } from '@jest/globals';

import { ASSERTION_TYPE, REDIRECT, SECRET, basic, type KeyedClient } from '../../support/clients.ts';
import { authorize, postForm, redeem, type Authorized, type TokenAnswer } from '../../support/flow.ts';
import { normalise } from './compare.ts';
import { wireSuite } from './wire-suite.ts';

type Form = Record<string, string>;

interface Mistake {
  readonly form: Form;
  readonly headers?: Record<string, string>;
  /** Makes an assertion of this client part of the form. */
  readonly assertion?: (client: KeyedClient, audience: string) => Promise<string>;
}

const GROWTH = basic('growth-chart-web', SECRET);
const APP = { client_id: 'my-health-ios' };
const BACKEND = { grant_type: 'client_credentials', scope: 'system/Patient.rs' };
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const assertion = (claims: Record<string, unknown>, header = {}): Mistake => ({
  form: BACKEND,
  assertion: (client, audience) => client.assertion(audience, claims, header),
});

// What is refused does not depend on the store.
describe('the catalogue of errors', () => {
  const suite = wireSuite();
  let code: Authorized;
  let tokens: TokenAnswer['body'];
  beforeAll(async () => {
    const options = { clientId: 'my-health-ios', username: 'chloe', params: { aud: suite.fhir.base } };
    tokens = (await suite.token(options)).body;
    code = await authorize(suite.server.issuer, options);
  });
  const send = async ({ form, headers, assertion: sign }: Mistake): Promise<TokenAnswer> => {
    const url = `${suite.server.issuer}/token`;
    const usual = {
      ...(form['grant_type'] === 'authorization_code'
        ? { code: code.code, redirect_uri: REDIRECT, code_verifier: code.verifier }
        : {}),
      ...(form['grant_type'] === 'refresh_token' ? { refresh_token: tokens.refresh_token } : {}),
      ...(sign
        ? { client_assertion_type: ASSERTION_TYPE, client_assertion: await sign(suite.analytics, url) }
        : {}),
    };
    const sent = Object.entries({ ...usual, ...form }).filter(([, value]) => value !== '');
    return postForm(url, Object.fromEntries(sent), headers);
  };

  const CODE = { grant_type: 'authorization_code', ...APP };
  const REFRESH = { grant_type: 'refresh_token', ...APP };
  test.each<[string, string, Mistake, number, string, string]>([
    [
      'A115',
      'an unknown grant type',
      { form: { ...APP, grant_type: 'x' } },
      400,
      'unsupported_grant_type',
      'unsupported grant_type requested',
    ],
    [
      'BSV-03',
      'a grant type that is not for this client',
      { form: BACKEND, headers: GROWTH },
      400,
      'unauthorized_client',
      'requested grant type is not allowed for this client',
    ],
    [
      'TOK-04',
      'no code_verifier',
      { form: { ...CODE, code_verifier: '' } },
      400,
      'invalid_grant',
      'code_verifier must be provided',
    ],
    [
      'TOK-03',
      'no redirect_uri',
      { form: { ...CODE, redirect_uri: '' } },
      400,
      'invalid_request',
      "missing required parameter 'redirect_uri'",
    ],
    [
      'TOK-01',
      'no code',
      { form: { ...CODE, code: '' } },
      400,
      'invalid_request',
      "missing required parameter 'code'",
    ],
    [
      'BSV-02',
      'no scope',
      { ...assertion({}), form: { ...BACKEND, scope: '' } },
      400,
      'invalid_request',
      'scope is required',
    ],
    [
      'G10-16',
      'a wrong code_verifier',
      { form: { ...CODE, code_verifier: 'x'.repeat(43) } },
      400,
      'invalid_grant',
      'code_verifier does not match code_challenge',
    ],
    [
      'TOK-03',
      'another redirect_uri',
      { form: { ...CODE, redirect_uri: 'com.example.health:/cb' } },
      400,
      'invalid_grant',
      'authorization code redirect_uri mismatch',
    ],
    [
      'TOK-05',
      'a code of another app',
      { form: { ...CODE, client_id: 'spa-demo' } },
      400,
      'invalid_grant',
      'client mismatch',
    ],
    [
      'CLI-02',
      'a wrong secret',
      {
        form: { grant_type: 'authorization_code' },
        headers: basic('growth-chart-web', `${SECRET}x`),
      },
      401,
      'invalid_client',
      'client authentication failed',
    ],
    [
      'CLI-01',
      'an unknown client',
      { form: { ...CODE, client_id: 'nobody' } },
      401,
      'invalid_client',
      'client authentication failed',
    ],
    [
      'CLI-19',
      'an exp too far ahead',
      assertion({ exp: inSeconds(3600) }),
      401,
      'invalid_client',
      'the assertion exp must be at most five minutes ahead',
    ],
    ['A141', 'an exp that is past', assertion({ exp: inSeconds(-60) }), 401, 'invalid_client', 'jwt expired'],
    [
      'CLI-07',
      'an aud that is not us',
      assertion({ aud: 'https://other.example/token' }),
      401,
      'invalid_client',
      'audience (aud) must equal the endpoint url, issuer identifier or token endpoint url',
    ],
    [
      'A139',
      'an iss that is not the sub',
      assertion({ iss: 'my-health-ios' }),
      401,
      'invalid_client',
      'iss (JWT issuer) must be the client_id',
    ],
    [
      'A135',
      'an unknown kid',
      assertion({}, { kid: 'x' }),
      401,
      'invalid_client',
      'no applicable key found in the JSON Web Key Set',
    ],
    [
      'CLI-12',
      'a jku that is not registered',
      assertion({}, { jku: 'https://x.example' }),
      401,
      'invalid_client',
      'the assertion jku is not the registered JWKS URL',
    ],
    [
      'G10-16',
      'an unknown refresh token',
      { form: { ...REFRESH, refresh_token: 'x' } },
      400,
      'invalid_grant',
      'refresh token not found',
    ],
    [
      'REF-02',
      'a refresh token of another app',
      { form: { ...REFRESH, client_id: 'spa-demo' } },
      400,
      'invalid_grant',
      'client mismatch',
    ],
    [
      'REF-04',
      'a scope beyond the grant',
      { form: { ...REFRESH, scope: 'patient/*.cruds' } },
      400,
      'invalid_scope',
      'refresh token missing requested scope',
    ],
    [
      'G10-25',
      'a scope beyond the registration',
      { ...assertion({}), form: { ...BACKEND, scope: 'system/Condition.rs' } },
      400,
      'invalid_scope',
      'none of the requested scopes can be granted: system/Condition.rs (not-registered)',
    ],
  ])('[%s] %s', async (_id, _what, mistake, status, error, description) => {
    const refused = await send(mistake);
    expect([refused.status, normalise(refused.body, {})]).toMatchObject([
      status,
      { error, error_description: description },
    ]);
    expect(refused.body).not.toHaveProperty('access_token');
    const { headers } = refused;
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    const isBasic = status === 401 && mistake.headers !== undefined;
    expect(headers.get('www-authenticate')).toEqual(isBasic ? expect.stringMatching(/^Basic realm=/) : null);
  });

  test('[G10-16] [G10-25] the same requests without a mistake: no refusal used anything up', async () => {
    const backend = await send(assertion({}));
    expect([backend.status, backend.body.scope]).toEqual([200, 'system/Patient.rs']);
    const { issuer } = suite.server;
    const redeemed = await redeem(issuer, code, APP);
    expect([redeemed.status, redeemed.body['patient']]).toEqual([200, 'chloe-shaw']);
    const refreshed = await send({ form: REFRESH });
    expect([refreshed.status, refreshed.body['patient']]).toEqual([200, 'chloe-shaw']);
  });

  test.each([
    ['SEM-03', 'no token', undefined, 401, 'Bearer realm="fhir"'],
    [
      'SEM-01',
      'a token that nobody issued',
      () => 'gat_nobody',
      401,
      'Bearer error="invalid_token", error_description="the access token is expired, revoked or unknown"',
    ],
    [
      'SEM-04',
      'a scope that is too narrow',
      () => tokens.access_token,
      403,
      'Bearer error="insufficient_scope", error_description="no granted scope permits read on Immunization", scope="patient/Immunization.rs"',
    ],
  ])('[%s] at the FHIR server: %s', async (_id, _what, token, status, challenge) => {
    const url = `${suite.fhir.base}/Immunization/x`;
    const response = await fetch(url, token ? { headers: { authorization: `Bearer ${token()}` } } : {});
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([status, challenge]);
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] };
    expect(await response.json()).toMatchObject(outcome);
    expect((await suite.read('Patient/chloe-shaw', tokens.access_token)).status).toBe(200);
  });
});

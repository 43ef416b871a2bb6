import { describe, expect, test } from '@jest/globals';

import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { ASSERTION_TYPE, REDIRECT, RS_SECRET, SECRET, basic } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import {
  authorize,
  openScreen,
  postForm,
  redeem,
  submit,
  type Authorized,
  type FlowOptions,
  type TokenAnswer,
} from '../../support/flow.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { PASSWORD } from '../../support/gatehouse.ts';
import { wireSuite } from '../wire/wire-suite.ts';

const HEALTH = 'my-health-ios';
const GROWTH = 'growth-chart-web';
const SCOPE = 'launch/patient offline_access patient/Patient.rs';
const RS = basic('fhir-server', RS_SECRET);

// What is in an answer does not depend on the store.
describe('token answers, and who gets one', () => {
  const suite = wireSuite();
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(suite.server.issuer + path, form, headers);
  const code = (clientId: string, options: FlowOptions = {}): Promise<Authorized> => {
    const params = { aud: suite.fhir.base, ...options.params };
    const usual = { clientId, username: 'chloe', scope: SCOPE };
    return authorize(suite.server.issuer, { ...usual, ...options, params });
  };
  const redeemed = (authorized: Authorized, form: Record<string, string>, headers = {}) =>
    redeem(suite.server.issuer, authorized, form, headers);
  const claimsOf = (body: TokenAnswer['body']): Record<string, unknown> =>
    JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString());
  const told = ({ status, body }: TokenAnswer): string =>
    `${status} ${body.error}: ${String(body['error_description']).replace(/ \(reference .*/, '')}`;

  test('[TOK-09] [TOK-10] [TOK-13] Bearer, and a number of seconds, for a code, a refresh and a backend service', async () => {
    const first = await redeemed(await code(HEALTH), { client_id: HEALTH });
    const form = { client_id: HEALTH, grant_type: 'refresh_token', refresh_token: first.body.refresh_token };
    const second = await post('/token', form);
    const backend = await backendToken(suite.server.issuer, suite.analytics, 'system/Patient.rs');
    const parts = [first, second, backend].map(({ body }) => [body['token_type'], body['expires_in']]);
    expect(parts).toEqual([
      ['Bearer', 3600],
      ['Bearer', 3600],
      ['Bearer', 300],
    ]);
    expect([first, second, backend].map(({ body }) => typeof body['refresh_token'])).toEqual([
      'string',
      'string',
      'undefined',
    ]);
  });

  test('[TOK-08] [TOK-21] a token is short text that fits a header, however much it opens, and cannot be guessed from others', async () => {
    const many = Array.from({ length: 60 }, (_, n) => `patient/Goal.rs?_id=${n}`);
    const scopes = [SCOPE, 'patient/Patient.rs', ['launch/patient', ...many].join(' '), SCOPE];
    const tokens: string[] = [];
    for (const scope of scopes) {
      const { body } = await suite.token({ username: 'chloe', scope });
      tokens.push(body.access_token);
    }
    expect(new Set(tokens.map(({ length }) => length)).size).toBe(1);
    for (const token of tokens) {
      expect(token).toMatch(/^gat_[A-Za-z0-9_-]{43,100}$/);
      // Neither a neighbour nor the half of one and the half of another is a token.
      const last = token.endsWith('A') ? 'B' : 'A';
      const guesses = [
        token.slice(0, -1) + last,
        token.slice(0, 30) + tokens[0]!.slice(30),
        token.toUpperCase(),
      ];
      for (const guess of guesses.filter((one) => !tokens.includes(one)))
        expect((await post('/introspect', { token: guess }, RS)).body).toEqual({ active: false });
      expect((await post('/introspect', { token }, RS)).body['active']).toBe(true);
    }
    // 128 bits or more differ between any two: no two tokens share more than chance lets them.
    const [one = '', ...others] = tokens.map((token) => token.slice(4));
    for (const other of others)
      expect([...one].filter((letter, at) => other[at] === letter).length).toBeLessThan(one.length / 3);
  });

  test('[CLI-01] a public app proves nothing: its id, the verifier and the redirect URI, each of them needed', async () => {
    const authorized = await code(HEALTH);
    const attempts = [
      await redeemed(authorized, {}),
      await redeemed({ ...authorized, verifier: 'x'.repeat(43) }, { client_id: HEALTH }),
      await redeemed(authorized, { client_id: HEALTH, redirect_uri: `${REDIRECT}/` }),
    ];
    expect(attempts.map(told)).toEqual([
      '400 invalid_request: no client authentication mechanism provided',
      '400 invalid_grant: code_verifier does not match code_challenge',
      '400 invalid_grant: authorization code redirect_uri mismatch',
    ]);
    expect((await redeemed(authorized, { client_id: HEALTH })).status).toBe(200);
  });

  test('[G10-17] [CLI-05] public, with a secret, and with a key: each by its own means and by no other', async () => {
    const url = `${suite.server.issuer}/token`;
    const signed = async () => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await suite.keyed.assertion(url),
    });
    const growth = await code(GROWTH);
    const keyed = await code('keyed-app');
    const refused = [
      await redeemed(growth, { client_id: GROWTH }),
      await redeemed(keyed, { client_id: 'keyed-app' }),
      await redeemed(keyed, {}, basic('keyed-app', SECRET)),
      await redeemed(growth, { client_id: GROWTH, ...(await signed()) }),
    ];
    expect(refused.map(told)).toEqual([
      '401 invalid_client: client authentication failed',
      '401 invalid_client: client authentication failed',
      '401 invalid_client: client authentication failed',
      '400 invalid_request: client_id mismatch',
    ]);
    const granted = [
      await redeemed(await code(HEALTH), { client_id: HEALTH }),
      await redeemed(growth, {}, basic(GROWTH, SECRET)),
      await redeemed(keyed, await signed()),
    ];
    expect(granted.map(({ status, body }) => [status, body['patient']])).toEqual(
      Array(3).fill([200, 'chloe-shaw']),
    );
  });

  test('[V1-07] an app with a secret uses HTTP Basic; the same secret in the body is refused', async () => {
    const authorized = await code(GROWTH);
    const inBody = await redeemed(authorized, { client_id: GROWTH, client_secret: SECRET });
    expect(told(inBody)).toBe('401 invalid_client: client authentication failed');
    expect(inBody.body).not.toHaveProperty('access_token');
    expect((await redeemed(authorized, {}, basic(GROWTH, SECRET))).status).toBe(200);
  });

  test('[G10-16] a wrong verifier, a refresh token that is none, and a person who says no', async () => {
    const authorized = await code(HEALTH);
    const wrong = await redeemed({ ...authorized, verifier: 'y'.repeat(43) }, { client_id: HEALTH });
    expect(told(wrong)).toBe('400 invalid_grant: code_verifier does not match code_challenge');
    const { body } = await redeemed(authorized, { client_id: HEALTH });
    const form = { client_id: HEALTH, grant_type: 'refresh_token' };
    const none = await post('/token', { ...form, refresh_token: `${body.refresh_token}x` });
    expect(told(none)).toBe('400 invalid_grant: refresh token not found');
    expect((await post('/token', { ...form, refresh_token: body.refresh_token })).status).toBe(200);

    const params = { aud: suite.fhir.base };
    const options = { clientId: HEALTH, username: 'chloe', scope: SCOPE, params };
    const screen = await openScreen(suite.server.issuer, 'consent', options);
    const fields = { ...screen.fields, cancel: ['yes'] };
    const { callback } = await submit(suite.server.issuer, { ...screen, fields });
    expect(Object.fromEntries(callback?.searchParams ?? [])).toEqual({
      error: 'access_denied',
      error_description: expect.stringMatching(/^the user declined \(reference \S{14}\)$/),
      state: 'state-1234567890',
      iss: suite.server.issuer,
    });
  });

  test('[OIDC-16] [V1-08] openid profile completes as in OpenID: a name, and neither fhirUser nor an alias of it', async () => {
    const scope = 'launch/patient openid profile patient/Patient.rs';
    const { body } = await suite.token({ username: 'chloe', scope });
    expect(body.scope.split(' ').sort()).toEqual(scope.split(' ').sort());
    const claims = claimsOf(body);
    expect(claims).toMatchObject({ name: 'Chloe Shaw' });
    for (const name of ['fhirUser', 'profile']) expect(claims).not.toHaveProperty(name);
    expect((await post('/introspect', { token: body.access_token }, RS)).body).not.toHaveProperty('fhirUser');
    const both = await suite.token({ username: 'chloe', scope: `${scope} fhirUser` });
    expect(claimsOf(both.body)).toMatchObject({ fhirUser: `${suite.fhir.base}/Patient/chloe-shaw` });
  });

  test('[OIDC-04] [OIDC-05] [OIDC-18] fhirUser is an absolute URL in the id token itself, and only where it was granted', async () => {
    const scope = 'openid fhirUser launch/patient patient/Patient.rs';
    const { body } = await suite.token({ username: 'chloe', scope });
    expect(claimsOf(body)['fhirUser']).toBe(`${suite.fhir.base}/Patient/chloe-shaw`);
    const without = { consent: (scopes: readonly string[]) => scopes.filter((one) => one !== 'fhirUser') };
    const { body: refused } = await suite.token({ username: 'chloe', scope, ...without });
    expect([refused.scope.split(' ').includes('fhirUser'), claimsOf(refused)['fhirUser']]).toEqual([
      false,
      undefined,
    ]);
  });

  test('[OIDC-08] a person who is no FHIR resource: fhirUser is neither offered, nor granted, nor told', async () => {
    const nobody = { username: 'nora', name: 'Nora Lind', role: 'practitioner' } as const;
    await createAccountStore(suite.server.vault).add(await createAccount(nobody, PASSWORD));
    const scope = 'openid fhirUser launch/patient user/Patient.rs';
    const params = { aud: suite.fhir.base };
    const options = { clientId: HEALTH, username: 'nora', scope, params, patient: 'chloe-shaw' };
    const { fields } = await openScreen(suite.server.issuer, 'consent', options);
    expect(fields['scope']?.toSorted()).toEqual(['launch/patient', 'openid', 'user/Patient.rs']);
    // Who sends it all the same gets no more than was offered.
    const consent = (offered: readonly string[]) => [...offered, 'fhirUser'];
    const { body } = await suite.token({ ...options, consent });
    expect(body.scope).toBe('openid launch/patient user/Patient.rs');
    expect(claimsOf(body)).not.toHaveProperty('fhirUser');
    const { body: introspected } = await post('/introspect', { token: body.access_token }, RS);
    expect(introspected).toMatchObject({ active: true, scope: body.scope });
    expect(introspected).not.toHaveProperty('fhirUser');
  });

  test('[CRG-15] one app may be registered for people and for itself: each way with the scopes of that way', async () => {
    const { issuer } = suite.server;
    const signed = { client_assertion_type: ASSERTION_TYPE };
    const person = await redeemed(
      await code('keyed-app', { scope: 'launch/patient patient/Patient.rs system/Patient.rs' }),
      {
        ...signed,
        client_assertion: await suite.keyed.assertion(`${issuer}/token`),
      },
    );
    expect([person.status, person.body.scope]).toEqual([200, 'launch/patient patient/Patient.rs']);
    const itself = await backendToken(issuer, suite.keyed, 'system/Patient.rs patient/Patient.rs');
    expect([itself.status, itself.body.scope, itself.body['patient']]).toEqual([
      200,
      'system/Patient.rs',
      undefined,
    ]);
    expect((await suite.read('Patient/amy-shaw', person.body.access_token)).status).toBe(404);
    expect((await suite.read('Patient/amy-shaw', itself.body.access_token)).status).toBe(200);
  });

  test('[USC-14] a person may leave out a part, and nothing goes beyond the registration', async () => {
    const scope = 'launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.rs';
    const consent = (scopes: readonly string[]) => scopes.filter((one) => !one.includes('Observation'));
    const { body } = await suite.token({ clientId: 'narrow-app', username: 'chloe', scope, consent });
    expect(body.scope).toBe('launch/patient patient/Patient.rs');
    await forgetDecisions(suite.server, 'chloe', 'narrow-app');
    const { body: all } = await suite.token({ clientId: 'narrow-app', username: 'chloe', scope });
    expect(all.scope).toBe('launch/patient patient/Patient.rs patient/Observation.rs');
  });
});

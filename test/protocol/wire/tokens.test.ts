import { describe, expect, test } from '@jest/globals';
import { compactVerify, createRemoteJWKSet, decodeProtectedHeader } from 'jose';

import { RS_SECRET, SECRET, basic } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { postForm, type FlowOptions, type TokenAnswer } from '../../support/flow.ts';
import { differences, normalise, type Allowance } from './compare.ts';
import * as examples from './fixtures.ts';
import { wireSuite } from './wire-suite.ts';

const GROWTH = basic('growth-chart-web', SECRET);
const RS = basic('fhir-server', RS_SECRET);
/** Beside an id token, which the example of a refresh does not show. */
const AGAIN: Allowance = { extra: ['$.id_token'] };

// Shapes do not depend on the store.
describe('tokens and what is said of them, beside the examples', () => {
  const suite = wireSuite();
  const live = (message: unknown) =>
    normalise(message, { [suite.server.issuer]: '<issuer>', [suite.fhir.base]: '<fhir>' });
  const against = (example: unknown, answer: unknown, allowed: Allowance = {}): string[] =>
    differences(normalise(example, examples.EXAMPLE_PLACES), live(answer), allowed);
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(suite.server.issuer + path, form, headers);
  const refreshed = (token: string, more: Record<string, string> = {}) =>
    post('/token', { grant_type: 'refresh_token', refresh_token: token, ...more }, GROWTH);
  const expectHeaders = ({ headers }: TokenAnswer): void => {
    expect(headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  };

  /** A clinician opens the growth chart in the EHR. */
  const clinician = async (): Promise<TokenAnswer> => {
    const launch = await suite.launch('growth-chart-web', examples.ANNOUNCED);
    const params = { launch, nonce: 'n-8842', max_age: '3600' };
    const { scope } = examples.EHR_CLINICIAN;
    return suite.token({ clientId: 'growth-chart-web', username: 'carla', scope, params });
  };

  describe('token responses', () => {
    const patient = { clientId: 'my-health-ios', username: 'chloe' };
    const { scope: whole } = examples.STANDALONE_PATIENT;
    const two = [examples.LABORATORY, examples.SURVEY];
    const kept = ['openid', 'fhirUser', 'launch/patient', 'patient/Patient.rs'];
    test.each<[string, string, unknown, FlowOptions]>([
      [
        '[G10-14] [TOK-07]',
        'a standalone app of a patient',
        examples.STANDALONE_PATIENT,
        { ...patient, scope: whole },
      ],
      [
        '[SCO-13] [REF-17]',
        'one where the patient chose parts',
        examples.STANDALONE_NARROWED,
        {
          ...patient,
          scope: whole,
          consent: (scopes) => [...scopes.filter((one) => kept.includes(one)), ...two],
        },
      ],
      [
        '[TOK-22]',
        'a standalone app of a clinician, without a patient',
        examples.CLINICIAN_WITHOUT_PATIENT,
        { clientId: 'growth-chart-web', username: 'carla', scope: examples.CLINICIAN_WITHOUT_PATIENT.scope },
      ],
      [
        '[V1-10] [SCO-08] [SCO-19]',
        'v1 scopes, narrowed by the registration',
        examples.VERSION_ONE,
        {
          clientId: 'spa-demo',
          username: 'chloe',
          scope: 'launch/patient openid fhirUser offline_access patient/*.read',
        },
      ],
    ])('%s %s', async (_ids, _what, example, options) => {
      const answer = await suite.token(options);
      expect([answer.status, against(example, answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[V1-10] [REF-11] a refresh of v1 scopes: in v1 again, with the patient, never cached', async () => {
      const { scope } = examples.VERSION_ONE;
      const { body } = await suite.token({ clientId: 'spa-demo', username: 'chloe', scope });
      const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'spa-demo' };
      const answer = await post('/token', form);
      expect([answer.status, against(examples.VERSION_ONE, answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[CTX-03] [CTX-22] [TOK-22] [LCH-10] an EHR launch of a clinician: every member of the context, at the top', async () => {
      const answer = await clinician();
      expect([answer.status, against(examples.EHR_CLINICIAN, answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[CTX-03] an EHR launch of a patient: the style is there unasked', async () => {
      const { patient: id, need_patient_banner: banner, scope } = examples.EHR_PATIENT;
      const launch = await suite.launch('my-health-ios', { patient: id, need_patient_banner: banner });
      const { body } = await suite.token({ ...patient, scope, params: { launch } });
      expect(against(examples.EHR_PATIENT, body, { extra: ['$.smart_style_url'] })).toEqual([]);
      expect(body['smart_style_url']).toMatch(
        /^http:\/\/localhost:\d+\/assets\/smart-style-[0-9a-f]{12}\.json$/,
      );
    });

    test('[USC-03] [BSV-10] a backend service', async () => {
      const { scope } = examples.BACKEND;
      const answer = await backendToken(suite.server.issuer, suite.analytics, scope);
      expect([answer.status, against(examples.BACKEND, answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });
  });

  describe('what follows', () => {
    test('[OIDC-04] [OIDC-05] [OIDC-10] [OIDC-17] [OIDC-18] the id token: signed by a published key, with fhirUser of the clinician', async () => {
      const { issuer } = suite.server;
      const idToken = String((await clinician()).body['id_token']);
      const { payload } = await compactVerify(idToken, createRemoteJWKSet(new URL(`${issuer}/jwks`)));
      const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
      expect(against(examples.ID_TOKEN_CLAIMS, claims)).toEqual([]);
      const header = decodeProtectedHeader(idToken);
      expect(against(examples.ID_TOKEN_HEADER, header, { absent: ['$.typ'] })).toEqual([]);
    });

    test('[CTX-21] [REF-05] [INT-14] a refresh repeats scope and context, and introspection says the same of the new token', async () => {
      const { body: first } = await clinician();
      const { body: before } = await post('/introspect', { token: first.access_token }, RS);
      const answer = await refreshed(first.refresh_token);
      expect([answer.status, against(examples.EHR_CLINICIAN, answer.body, AGAIN)]).toEqual([200, []]);
      expectHeaders(answer);
      const { body: after } = await post('/introspect', { token: answer.body.access_token }, RS);
      expect(after).toEqual({ ...before, exp: expect.any(Number), iat: expect.any(Number) });
    });

    test('[REF-03] [REF-04] less may be asked for; more is invalid_scope, and the whole is still there afterwards', async () => {
      const { body: first } = await clinician();
      const { scope } = examples.REFRESHED_NARROWED;
      const less = await refreshed(first.refresh_token, { scope });
      expect([less.status, against(examples.REFRESHED_NARROWED, less.body)]).toEqual([200, []]);
      const more = await refreshed(less.body.refresh_token, { scope: 'user/*.cruds' });
      expect([more.status, live(more.body)]).toEqual([
        400,
        {
          error: 'invalid_scope',
          error_description: 'refresh token missing requested scope',
          scope: 'user/*.cruds',
        },
      ]);
      const again = await refreshed(less.body.refresh_token);
      expect([again.status, against(examples.EHR_CLINICIAN, again.body, AGAIN)]).toEqual([200, []]);
    });

    test('[INT-01] [INT-03] [INT-04] [INT-05] [G10-24] [USC-04] introspection, by either door: the clinician with the whole context', async () => {
      const { issuer } = suite.server;
      const { body: first } = await clinician();
      const { body } = await backendToken(issuer, suite.asker, `${issuer}/scopes/introspect`);
      for (const headers of [RS, { authorization: `Bearer ${body.access_token}` }]) {
        const told = await post('/introspect', { token: first.access_token }, headers);
        expect([told.status, against(examples.INTROSPECTED_CLINICIAN, told.body)]).toEqual([200, []]);
        expectHeaders(told);
      }
    });

    test('[INT-03] [INT-13] introspection of a token without openid, and of a backend service', async () => {
      const extra = ['$.iat', '$.token_type', '$.iss', '$.aud'];
      const { scope } = examples.INTROSPECTED_PATIENT;
      const bare = await suite.token({ clientId: 'my-health-ios', username: 'chloe', scope });
      const patient = await post('/introspect', { token: bare.body.access_token }, RS);
      expect(against(examples.INTROSPECTED_PATIENT, patient.body, { extra: [...extra, '$.sub'] })).toEqual(
        [],
      );

      const backend = await backendToken(suite.server.issuer, suite.analytics, examples.BACKEND.scope);
      const told = await post('/introspect', { token: backend.body.access_token }, RS);
      expect(against(examples.INTROSPECTED_BACKEND, told.body, { extra })).toEqual([]);
      expect(told.body['exp']).toBe(Number(told.body['iat']) + 300);
    });

    test('[REV-02] [REV-03] [REV-05] [INT-06] revocation is an empty 200; afterwards nothing is active and nothing refreshes', async () => {
      const { body: first } = await clinician();
      const document = await (await fetch(`${suite.fhir.base}/.well-known/smart-configuration`)).json();
      const { revocation_endpoint: url } = document as { revocation_endpoint: string };
      const form = { token: first.refresh_token, token_type_hint: 'refresh_token' };
      expect((await post('/introspect', { token: first.access_token }, RS)).body['active']).toBe(true);
      const response = await fetch(url, { method: 'POST', headers: GROWTH, body: new URLSearchParams(form) });
      expect([response.status, await response.text()]).toEqual([200, '']);
      expect(response.headers.get('content-length')).toBe('0');

      for (const token of [first.access_token, first.refresh_token, 'unknown', 'x'.repeat(3000)]) {
        const told = await post('/introspect', { token }, RS);
        expect([told.status, told.body]).toEqual([200, { active: false }]);
      }
      const refused = await refreshed(first.refresh_token);
      expect([refused.status, live(refused.body)]).toEqual([
        400,
        { error: 'invalid_grant', error_description: 'refresh token not found' },
      ]);
    });
  });
});

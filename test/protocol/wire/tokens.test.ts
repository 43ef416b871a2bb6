import { describe, expect, test } from '@jest/globals';
import { compactVerify, createRemoteJWKSet, decodeProtectedHeader } from 'jose';

import { RS_SECRET, SECRET, basic } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { postForm, type FlowOptions, type TokenAnswer } from '../../support/flow.ts';
import { example, shown, type ExampleName } from './examples.ts';
import { wireSuite } from './wire-suite.ts';

const GROWTH = basic('growth-chart-web', SECRET);
const RS = basic('fhir-server', RS_SECRET);
const scopeOf = (name: ExampleName): string => String(example(name)['scope']);
/** What the EHR announces, in the words of the example and about somebody who is there. */
const { need_patient_banner, smart_style_url, intent, tenant, fhirContext } = example('EHR clinician');
const ANNOUNCED = {
  ...{ patient: 'amy-shaw', encounter: 'amy-shaw-visit-3' },
  ...{ need_patient_banner, smart_style_url, intent, tenant, fhirContext },
};

// Shapes do not depend on the store.
describe('tokens and what is said of them, beside the examples', () => {
  const suite = wireSuite();
  const against = (name: ExampleName, answer: unknown): string[] => suite.against(name, answer);
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(suite.server.issuer + path, form, headers);
  const refreshed = (token: string, more: Record<string, string> = {}) =>
    post('/token', { grant_type: 'refresh_token', refresh_token: token, ...more }, GROWTH);
  const expectHeaders = ({ status, headers }: TokenAnswer): void => {
    expect(against('token headers', shown(status, headers, 'token headers'))).toEqual([]);
  };

  /** A clinician opens the growth chart in the EHR. */
  const clinician = async (announced: Readonly<Record<string, unknown>> = {}): Promise<TokenAnswer> => {
    const launch = await suite.launch('growth-chart-web', { ...ANNOUNCED, ...announced });
    const params = { launch, nonce: 'n-8842', max_age: '3600' };
    const scope = scopeOf('EHR clinician');
    return suite.token({ clientId: 'growth-chart-web', username: 'carla', scope, params });
  };

  describe('token responses', () => {
    const patient = { clientId: 'my-health-ios', username: 'chloe' };
    const whole = scopeOf('standalone patient');
    const two = scopeOf('standalone narrowed')
      .split(' ')
      .filter((one) => one.includes('?'));
    const kept = ['openid', 'fhirUser', 'launch/patient', 'patient/Patient.rs'];
    test.each<[string, string, ExampleName, FlowOptions]>([
      [
        '[G10-14] [TOK-07]',
        'a standalone app of a patient',
        'standalone patient',
        { ...patient, scope: whole },
      ],
      [
        '[SCO-13] [REF-17]',
        'one where the patient chose parts',
        'standalone narrowed',
        {
          ...patient,
          scope: whole,
          consent: (scopes) => [...scopes.filter((one) => kept.includes(one)), ...two],
        },
      ],
      [
        '[TOK-22]',
        'a standalone app of a clinician, without a patient',
        'clinician without patient',
        { clientId: 'growth-chart-web', username: 'carla', scope: scopeOf('clinician without patient') },
      ],
      [
        '[V1-10] [SCO-08] [SCO-19]',
        'v1 scopes, narrowed by the registration',
        'version one',
        {
          clientId: 'narrow-app',
          username: 'chloe',
          scope: 'launch/patient openid fhirUser offline_access patient/*.read',
        },
      ],
    ])('%s %s', async (_ids, _what, name, options) => {
      const answer = await suite.token(options);
      expect([answer.status, against(name, answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[V1-10] [REF-11] a refresh of v1 scopes: in v1 again, with the patient, never cached', async () => {
      const scope = scopeOf('version one');
      const { body } = await suite.token({ clientId: 'narrow-app', username: 'chloe', scope });
      const form = {
        ...{ grant_type: 'refresh_token', refresh_token: body.refresh_token },
        client_id: 'narrow-app',
      };
      const answer = await post('/token', form);
      expect([answer.status, against('version one', answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[CTX-03] [CTX-19] [CTX-22] [TOK-22] [LCH-10] an EHR launch of a clinician: every member of the context, at the top', async () => {
      const { __appContext } = example('EHR clinician');
      const answer = await clinician({ __appContext });
      expect([answer.status, against('EHR clinician', answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });

    test('[CTX-03] an EHR launch of a patient: the style is there unasked', async () => {
      const scope = scopeOf('EHR patient');
      const announced = { patient: 'chloe-shaw', need_patient_banner: true };
      const launch = await suite.launch('my-health-ios', announced);
      const { body } = await suite.token({ ...patient, scope, params: { launch } });
      expect(against('EHR patient', body)).toEqual([]);
      expect(body['smart_style_url']).toMatch(
        /^http:\/\/localhost:\d+\/assets\/smart-style-[0-9a-f]{12}\.json$/,
      );
    });

    test('[USC-03] [BSV-10] a backend service', async () => {
      const scope = scopeOf('backend');
      const answer = await backendToken(suite.server.issuer, suite.analytics, scope);
      expect([answer.status, against('backend', answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
    });
  });

  describe('what follows', () => {
    test('[OIDC-04] [OIDC-05] [OIDC-10] [OIDC-17] [OIDC-18] the id token: signed by a published key, with fhirUser of the clinician', async () => {
      const { issuer } = suite.server;
      const idToken = String((await clinician()).body['id_token']);
      const { payload } = await compactVerify(idToken, createRemoteJWKSet(new URL(`${issuer}/jwks`)));
      const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
      expect(against('id token claims', claims)).toEqual([]);
      const header = decodeProtectedHeader(idToken);
      expect(against('id token header', header)).toEqual([]);
    });

    test('[CTX-21] [REF-05] [INT-14] a refresh repeats scope and context, and introspection says the same of the new token', async () => {
      const { body: first } = await clinician();
      const { body: before } = await post('/introspect', { token: first.access_token }, RS);
      const answer = await refreshed(first.refresh_token);
      expect([answer.status, against('refreshed', answer.body)]).toEqual([200, []]);
      expectHeaders(answer);
      const { body: after } = await post('/introspect', { token: answer.body.access_token }, RS);
      expect(after).toEqual({ ...before, exp: expect.any(Number), iat: expect.any(Number) });
    });

    test('[REF-03] [REF-04] less may be asked for; more is invalid_scope, and the whole is still there afterwards', async () => {
      const { body: first } = await clinician();
      const scope = 'launch user/Patient.rs';
      const less = await refreshed(first.refresh_token, { scope });
      expect([less.status, less.body]).toMatchObject([200, { scope, ...ANNOUNCED }]);
      const more = await refreshed(less.body.refresh_token, { scope: 'user/*.cruds' });
      expect([more.status, against('refresh for more', more.body)]).toEqual([400, []]);
      const again = await refreshed(less.body.refresh_token);
      expect([again.status, against('refreshed', again.body)]).toEqual([200, []]);
    });

    test('[INT-01] [INT-03] [INT-04] [INT-05] [G10-24] [USC-04] introspection, by either door: the clinician with the whole context', async () => {
      const { issuer } = suite.server;
      const { body: first } = await clinician();
      const { body } = await backendToken(issuer, suite.asker, `${issuer}/scopes/introspect`);
      for (const headers of [RS, { authorization: `Bearer ${body.access_token}` }]) {
        const told = await post('/introspect', { token: first.access_token }, headers);
        expect([told.status, against('introspected clinician', told.body)]).toEqual([200, []]);
        expectHeaders(told);
      }
    });

    test('[INT-03] [INT-13] introspection of a token without openid, and of a backend service', async () => {
      const scope = scopeOf('introspected patient');
      const bare = await suite.token({ clientId: 'spa-demo', username: 'chloe', scope });
      const patient = await post('/introspect', { token: bare.body.access_token }, RS);
      expect(against('introspected patient', patient.body)).toEqual([]);

      const backend = await backendToken(suite.server.issuer, suite.analytics, scopeOf('backend'));
      const told = await post('/introspect', { token: backend.body.access_token }, RS);
      expect(against('introspected backend', told.body)).toEqual([]);
      expect(told.body['exp']).toBe(Number(told.body['iat']) + 300);
    });

    test('[REV-02] [REV-03] [REV-05] [INT-06] revocation is an empty 200; afterwards nothing is active and nothing refreshes', async () => {
      const { body: first } = await clinician();
      const document = await (await fetch(`${suite.fhir.base}/.well-known/smart-configuration`)).json();
      const { revocation_endpoint: url } = document as { revocation_endpoint: string };
      const form = { token: first.refresh_token, token_type_hint: 'refresh_token' };
      expect((await post('/introspect', { token: first.access_token }, RS)).body['active']).toBe(true);
      const response = await fetch(url, { method: 'POST', headers: GROWTH, body: new URLSearchParams(form) });
      expect(await response.text()).toBe('');
      expect(against('revoked', shown(response.status, response.headers, 'revoked'))).toEqual([]);

      for (const token of [first.access_token, first.refresh_token, 'unknown', 'x'.repeat(3000)]) {
        const told = await post('/introspect', { token }, RS);
        expect([told.status, against('inactive', told.body)]).toEqual([200, []]);
      }
      const refused = await refreshed(first.refresh_token);
      expect([refused.status, against('refresh after revocation', refused.body)]).toEqual([400, []]);
    });
  });
});

import { describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { SECRET, basic } from '../../support/clients.ts';
import { arrive, authorizeAt, authorizeUrl, openScreen, pkce, redeem } from '../../support/flow.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { wireSuite } from '../wire/wire-suite.ts';

const GROWTH = 'growth-chart-web';
const LABORATORY =
  'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

// What a request leads to does not depend on the store.
describe('what authorization requests lead to', () => {
  const suite = wireSuite();
  const sorted = (scope: unknown): string[] => String(scope).split(' ').sort();

  test.each([
    ['as SMART apps send it', {}],
    ['with prompt=consent, as OpenID would have it', { prompt: 'consent' }],
  ])('[AUTHZ-20] [TOK-13] offline_access gives a refresh token: %s', async (_what, params) => {
    const scope = 'launch/patient openid offline_access patient/Patient.rs';
    const { status, body } = await suite.token({ username: 'chloe', scope, params });
    expect(status).toBe(200);
    expect(sorted(body.scope)).toEqual(sorted(scope));
    expect(body.refresh_token).toMatch(/^grt_/);
    const without = await suite.token({
      username: 'chloe',
      scope: scope.replace('offline_access ', ''),
      params,
    });
    expect([without.status, without.body]).toEqual([
      200,
      expect.not.objectContaining({ refresh_token: expect.anything() }),
    ]);
  });

  test('[AUTHZ-24] a suffix out of order is left out, and not sorted into something else', async () => {
    const scope =
      'launch/patient patient/Patient.rs patient/Observation.dus patient/Condition.sr patient/Goal.x';
    const { status, body } = await suite.token({ username: 'chloe', scope });
    expect([status, body.scope]).toEqual([200, 'launch/patient patient/Patient.rs']);
  });

  test.each(['patient/Patient.rs', 'patient/Patient.read', 'patient/*.rs'])(
    '[AUTHZ-25] [V1-06] %s alone: launch/patient is inferred, a patient is in context',
    async (scope) => {
      const { status, body } = await suite.token({ username: 'chloe', scope });
      expect(status).toBe(200);
      expect(body).toMatchObject({ patient: 'chloe-shaw', scope });
      const clinician = { username: 'carla', clientId: GROWTH, scope, params: { aud: suite.fhir.base } };
      expect((await openScreen(suite.server.issuer, 'patient', clinician)).status).toBe(200);
    },
  );

  test('[CONS-05] in an EHR launch launch/patient and launch/encounter ask for nothing more: no picker, the context of the launch', async () => {
    const context = { patient: 'amy-shaw', encounter: 'amy-shaw-visit-3' };
    const launch = await suite.launch(GROWTH, context);
    const scope = 'launch launch/patient launch/encounter user/Patient.rs';
    const params = { launch, aud: suite.fhir.base };
    const options = { clientId: GROWTH, username: 'carla', scope, params };
    await expect(openScreen(suite.server.issuer, 'patient', options)).rejects.toThrow(/no patient screen/);
    const { body } = await suite.token({
      ...options,
      params: { launch: await suite.launch(GROWTH, context) },
    });
    expect(body).toMatchObject(context);
    expect(sorted(body.scope)).toEqual(sorted(scope));
  });

  test('[CTX-17] [CTX-16] a role we know nothing of: what there is of the type is returned, in fhirContext', async () => {
    const fhirContext = [
      { reference: 'ImagingStudy/is-55' },
      { reference: 'List/meds-9', role: 'https://growth.example/roles/home-meds' },
    ];
    const launch = await suite.launch(GROWTH, { patient: 'amy-shaw', fhirContext });
    const scope = 'launch launch/list?role=https://growth.example/roles/other user/Patient.rs';
    const { status, body } = await suite.token({
      clientId: GROWTH,
      username: 'carla',
      scope,
      params: { launch },
    });
    expect([status, body['fhirContext']]).toEqual([200, fhirContext]);
    for (const name of ['list', 'imagingstudy']) expect(body).not.toHaveProperty(name);
  });

  test('[G10-10] [CONS-11] where whole types were asked for, the page offers their categories, and one of them can be chosen', async () => {
    const scope = 'launch/patient patient/Patient.rs patient/Condition.rs patient/Observation.rs';
    const params = { aud: suite.fhir.base };
    const options = { clientId: 'my-health-ios', username: 'chloe', scope, params };
    const { html } = await openScreen(suite.server.issuer, 'consent', options);
    for (const code of [
      ...['encounter-diagnosis', 'problem-list-item', 'health-concern'],
      ...['laboratory', 'social-history', 'survey', 'vital-signs', 'sdoh'],
    ]) {
      expect(html).toMatch(new RegExp(`<input[^>]*type="checkbox"[^>]*\\|${code}"`));
    }
    const whole = 'patient/Observation.rs';
    const consent = (scopes: readonly string[]) => [...scopes.filter((one) => one !== whole), LABORATORY];
    const { body } = await suite.token({ ...options, consent });
    expect(sorted(body.scope)).toEqual(sorted(scope.replace(whole, LABORATORY)));
  });

  test('[LCH-08] the context is that of the launch: what the EHR opens later does not move it', async () => {
    const open = async (patient: string) => {
      const params = { launch: await suite.launch(GROWTH, { patient }) };
      const scope = 'launch offline_access user/Patient.rs';
      return (await suite.token({ clientId: GROWTH, username: 'carla', scope, params })).body;
    };
    const first = await open('amy-shaw');
    expect(await open('ben-okafor')).toMatchObject({ patient: 'ben-okafor' });
    const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    const again = await fetch(`${suite.server.issuer}/token`, {
      method: 'POST',
      headers: basic(GROWTH, SECRET),
      body: new URLSearchParams(form),
    });
    expect(await again.json()).toMatchObject({ patient: 'amy-shaw' });
  });

  test.each(['GET', 'POST'])('[G10-05] every parameter of an EHR launch by %s', async (method) => {
    const { issuer } = suite.server;
    const { verifier, challenge } = pkce();
    const launch = await suite.launch(GROWTH, { patient: 'amy-shaw' });
    const scope = 'launch openid fhirUser user/Patient.rs';
    const params = { aud: suite.fhir.base, launch };
    const url = authorizeUrl(issuer, { clientId: GROWTH, scope, params }, challenge);
    const query = new URL(url).searchParams;
    expect([...query.keys()].sort()).toEqual(
      [
        ...['aud', 'client_id', 'code_challenge', 'code_challenge_method', 'launch'],
        ...['redirect_uri', 'response_type', 'scope', 'state'],
      ].sort(),
    );
    const browser = new CookieBrowser();
    const form = Object.fromEntries(query);
    const first = method === 'GET' ? undefined : await browser.post(`${issuer}/authorize`, form);
    const start = first ? new URL(first.headers.get('location') ?? '', issuer).href : url;
    const callback = await authorizeAt(issuer, start, { browser, username: 'carla' });
    expect(callback.searchParams.get('state')).toBe('state-1234567890');
    const code = callback.searchParams.get('code') ?? '';
    const { body } = await redeem(issuer, { code, verifier }, {}, basic(GROWTH, SECRET));
    expect(body).toMatchObject({ patient: 'amy-shaw', id_token: expect.any(String) });
    expect(sorted(body.scope)).toEqual(sorted(scope));
  });

  test.each(['GET', 'POST'])(
    '[AUTHZ-22] [SCO-10] 60 granular scopes, over 3 kB, by %s: all granted; beyond, invalid_scope and no 414',
    async (method) => {
      const { issuer } = suite.server;
      await forgetDecisions(suite.server, 'chloe', 'my-health-ios');
      const codes = Array.from(
        { length: 60 },
        (_, n) => `patient/Observation.rs?code=http://loinc.org|${10_000 + n}-1`,
      );
      const scope = ['launch/patient', ...codes].join(' ');
      expect(scope.length).toBeGreaterThan(3000);
      const ask = async (wanted: string): Promise<{ callback: URL; verifier: string }> => {
        const { verifier, challenge } = pkce();
        const params = { aud: suite.fhir.base };
        const url = authorizeUrl(issuer, { clientId: 'my-health-ios', scope: wanted, params }, challenge);
        const browser = new CookieBrowser();
        const form = Object.fromEntries(new URL(url).searchParams);
        const first = await (method === 'GET' ? browser.get(url) : browser.post(`${issuer}/authorize`, form));
        const { callback, html, response } = await arrive(issuer, browser, first);
        if (callback) return { callback, verifier };
        const login = { ...formFields(html), username: 'chloe', password: 'correct horse battery' };
        const consent = await arrive(issuer, browser, await browser.post(response.url, login));
        const last = await browser.post(consent.response.url, formFields(consent.html));
        return { callback: (await arrive(issuer, browser, last)).callback!, verifier };
      };
      const { callback, verifier } = await ask(scope);
      const code = callback.searchParams.get('code') ?? '';
      const { body } = await redeem(issuer, { code, verifier }, { client_id: 'my-health-ios' });
      expect(sorted(body.scope)).toEqual(sorted(scope));

      const beyond = await ask(Array.from({ length: 101 }, (_, n) => `patient/Goal.rs?_id=${n}`).join(' '));
      expect(Object.fromEntries(beyond.callback.searchParams)).toMatchObject({
        error: 'invalid_scope',
        error_description: expect.stringMatching(/^scope has more than 100 scopes or 4096 characters/),
      });
    },
  );
});

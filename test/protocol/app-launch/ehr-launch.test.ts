import { createHash } from 'node:crypto';

import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { RS_SECRET, basic } from '../../support/clients.ts';
import { announce, ehrSuite } from '../../support/ehr.ts';
import {
  authorize,
  openScreen,
  postForm,
  redeem,
  refresh,
  submit,
  textOf,
  type FlowOptions,
} from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';

const SCOPE = 'openid fhirUser launch offline_access user/Patient.rs patient/Observation.rs';
const CONTEXT = {
  patient: 'p7',
  encounter: 'e7',
  need_patient_banner: false,
  intent: 'reconcile-medications',
  tenant: '2ddd6c3a-8e9a-44c6-a305-52111ad302a2',
  fhirContext: [{ reference: 'ImagingStudy/123' }],
};

describe.each(DRIVERS)('EHR launch on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = ehrSuite(driver);
  afterEach(() => void jest.restoreAllMocks());

  const launched = async (more: Record<string, unknown> = {}): Promise<string> => {
    const { body } = await announce(suite.server.issuer, suite.token, { ...CONTEXT, ...more });
    return body.launch;
  };
  const dora = (launch: string, more: FlowOptions = {}): FlowOptions => ({
    ...{ username: 'dora', scope: SCOPE, browser },
    ...more,
    params: { launch, ...more.params },
  });
  const expectOnRecord = ({ clientId = 'public-app', params = {} }: FlowOptions): void => {
    expect(suite.server.audit.at(-1)).toMatchObject({
      ...{ type: 'authorize', outcome: 'refused', clientId },
      reason: expect.stringMatching(/^invalid_request: /),
    });
    expect(JSON.stringify(suite.server.audit)).not.toContain(`"${params['launch']}"`);
  };
  const errorOf = async (options: FlowOptions): Promise<string> => {
    const { callback } = await authorize(suite.server.issuer, options);
    if (!callback.searchParams.has('code')) expectOnRecord(options);
    return `${callback.searchParams.get('error')}: ${callback.searchParams.get('error_description')}`;
  };

  test('[LCH-01] [LCH-02] [LCH-05] the launch URL keeps its own query and carries iss and launch', async () => {
    const { status, body } = await announce(suite.server.issuer, suite.token, CONTEXT);
    expect(status).toBe(201);
    const url = new URL(body.launch_url);
    expect(url.href.split('?')[0]).toBe('http://localhost:4999/launch');
    expect(Object.fromEntries(url.searchParams)).toEqual({ keep: '1', iss: FHIR, launch: body.launch });
    expect(body).toMatchObject({ iss: FHIR, expires_in: 300 });
    expect(body.launch.length).toBeGreaterThanOrEqual(22);
  });

  test('[LCH-10] [CTX-01] [CTX-02] [CTX-04] [CTX-05] [CTX-09] [CTX-10] [CTX-21] [CTX-22] [OIDC-17] the whole context arrives beside the token', async () => {
    const { body } = await redeem(
      suite.server.issuer,
      await authorize(suite.server.issuer, dora(await launched())),
    );
    expect(body).toMatchObject(CONTEXT);
    expect(body['need_patient_banner']).toBe(false);
    expect(new Set(body.scope.split(' '))).toEqual(new Set(SCOPE.split(' ')));
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1]!, 'base64url').toString());
    // OIDC-17: the clinician, not the patient
    expect(claims).toMatchObject({ fhirUser: `${FHIR}/Practitioner/d1` });

    const rs = basic('fhir-server', RS_SECRET);
    const { body: told } = await postForm(
      `${suite.server.issuer}/introspect`,
      { token: body.access_token },
      rs,
    );
    expect(told).toMatchObject({ active: true, ...CONTEXT, smart_style_url: body['smart_style_url'] });
    const { body: again } = await refresh(suite.server.issuer, body.refresh_token);
    expect(again).toMatchObject({ ...CONTEXT, smart_style_url: body['smart_style_url'], scope: body.scope });
  });

  test('[CTX-04] [CTX-06] [CTX-07] [CTX-08] banner and style have defaults; the style is JSON any origin may read', async () => {
    const launch = (await announce(suite.server.issuer, suite.token, { patient: 'p7' })).body.launch;
    const { body } = await redeem(suite.server.issuer, await authorize(suite.server.issuer, dora(launch)));
    expect(body['need_patient_banner']).toBe(true);
    expect(body).not.toHaveProperty('encounter');
    const style = await fetch(String(body['smart_style_url']), {
      headers: { origin: 'https://app.example' },
    });
    expect(style.status).toBe(200);
    expect(style.headers.get('content-type')).toMatch(/^application\/json/);
    expect(style.headers.get('access-control-allow-origin')).toBe('*');
    expect(style.headers.get('cache-control')).toMatch(/immutable/);
    const text = await style.text();
    expect(JSON.parse(text)).toMatchObject({
      color_background: expect.stringMatching(/^#/),
      dim_font_size: expect.any(String),
    });
    // CTX-06: the name comes from the content, so that another content has another address.
    const digest = createHash('sha256').update(text).digest('hex');
    expect(style.url).toBe(`${suite.server.issuer}/assets/smart-style-${digest.slice(0, 12)}.json`);
  });

  test('[LCH-04] [A046] [audited] a launch is good once, one after the other', async () => {
    const launch = await launched();
    await authorize(suite.server.issuer, dora(launch));
    expect(await errorOf(dora(launch))).toMatch(/^invalid_request: the launch is unknown, was used already/);
  });

  test('[LCH-04] [SEC-05] [A046] of 20 consents to one launch at the same time exactly one gets a code', async () => {
    const launch = await launched();
    const screens = await Promise.all(
      Array.from({ length: 20 }, () => openScreen(suite.server.issuer, 'consent', dora(launch))),
    );
    const arrivals = await Promise.all(screens.map((screen) => submit(suite.server.issuer, screen)));
    const codes = arrivals.filter(({ callback }) => callback?.searchParams.has('code'));
    expect(codes).toHaveLength(1);
    // Whoever came late is sent back with the error or, having looked after it was taken, told on a page.
    for (const { callback, response } of arrivals.filter((one) => !codes.includes(one))) {
      expect(callback ? callback.searchParams.get('error') : response.status).toBe(
        callback ? 'invalid_request' : 400,
      );
    }
  });

  test('[LCH-06] [A045] [audited] an unknown or expired launch is refused; there is no falling back to standalone', async () => {
    expect(await errorOf(dora('never-announced'))).toMatch(/^invalid_request: the launch is unknown/);
    const launch = await launched();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000);
    expect(await errorOf(dora(launch))).toMatch(
      /^invalid_request: the launch is unknown.*older than five minutes/,
    );
  });

  test('[LCH-06] a launch that ends while the person reads: the page says so, and nothing is granted', async () => {
    const screen = await openScreen(suite.server.issuer, 'consent', dora(await launched()));
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000);
    const { callback, response, html } = await submit(suite.server.issuer, screen);
    expect(callback).toBeUndefined();
    expect([response.status, textOf(html)]).toEqual([400, expect.stringMatching(/This launch has ended/)]);
  });

  test('[LCH-04] [LCH-06] [AUTHZ-12] a launch is bound to its app and to its FHIR server', async () => {
    const launch = await launched();
    expect(await errorOf(dora(launch, { clientId: 'secret-app' }))).toMatch(
      /^invalid_request: the launch was made for another app/,
    );
    expect(await errorOf(dora(launch, { params: { aud: 'http://localhost:3998/fhir' } }))).toMatch(
      /^invalid_request: aud differs from the iss this launch was made for/,
    );
    // Neither refusal used it up.
    expect(await errorOf(dora(launch))).toBe('null: null');
  });

  test('[LCH-07] a launch bound to a user is not for another one, who can go back to the app or sign in as that user', async () => {
    const launch = await launched({ fhirUser: 'Practitioner/somebody-else' });
    const page = await openScreen(
      suite.server.issuer,
      'login',
      dora(launch, { browser: new CookieBrowser() }),
    );
    const refused = await submit(suite.server.issuer, page, { username: 'dora' });
    expect(refused.response.status).toBe(403);
    expect(textOf(refused.html)).toMatch(/opened for another user/);
    const { callback } = await submit(suite.server.issuer, {
      ...page,
      fields: { ...page.fields, step: ['refused'], cancel: ['yes'] },
    });
    expect(callback?.searchParams.get('error')).toBe('access_denied');

    const bound = await launched({ fhirUser: 'Practitioner/d1' });
    expect((await authorize(suite.server.issuer, dora(bound))).code).not.toBe('');
  });

  test('[LCH-07] [CONS-06] a patient cannot use a launch for the record of somebody else', async () => {
    const page = await openScreen(
      suite.server.issuer,
      'login',
      dora(await launched(), { browser: new CookieBrowser() }),
    );
    const { response, html, callback } = await submit(suite.server.issuer, page, { username: 'amy' });
    expect(callback).toBeUndefined();
    expect([response.status, textOf(html)]).toEqual([403, expect.stringMatching(/cannot open this record/)]);
  });

  test('[LCH-04] whoever only holds a launch value has to sign in; login_hint fills in the name and no more', async () => {
    const launch = await launched({ fhirUser: 'Practitioner/d1', login_hint: 'dora' });
    const page = await openScreen(
      suite.server.issuer,
      'login',
      dora(launch, { browser: new CookieBrowser() }),
    );
    expect(page.html).toMatch(/name="username"[^>]*value="dora"/);
    const skipped = await submit(suite.server.issuer, {
      ...page,
      fields: { ...page.fields, step: ['consent'], scope: SCOPE.split(' ') },
    });
    expect(skipped.callback).toBeUndefined();
    expect(textOf(skipped.html)).toMatch(/Sign in/);
  });

  test('[A048] [SCO-20] launch scope and launch value go together', async () => {
    const scope = SCOPE.replace('launch ', '');
    expect(await errorOf(dora(await launched(), { scope }))).toMatch(
      /^invalid_request: the launch parameter needs the launch scope/,
    );
    expect(await errorOf({ username: 'dora', scope: SCOPE, browser })).toMatch(
      /^invalid_request: the launch scope needs the launch parameter/,
    );
  });
});

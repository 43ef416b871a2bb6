import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { createFactorStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import {
  authorize,
  authorizeUrl,
  arrive,
  openScreen,
  pkce,
  postForm,
  redeem,
  submit,
  textOf,
  type FlowOptions,
  type Screen,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { codeOf, giveTotp, idOf, takeFactors } from '../../support/second-factors.ts';
import { startSmtp, type SmtpReceiver } from '../../support/smtp.ts';
import { gatehouseOn } from '../../support/suite.ts';

const GLASS = '__break-glass';
const SCOPE =
  'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Condition.rs user/Patient.rs';
const WHY = 'She was brought in unconscious';
const DEPRESSION = 'amy-shaw-condition-5';
const MAIN_APP = { ...PUBLIC_APP, scope: `${SCOPE} ${GLASS}` };
const PLAIN_APP = { ...PUBLIC_APP, client_id: 'plain-app', scope: SCOPE };
const MINUTE = 60;

describe.each(DRIVERS)('breaking the glass, on %s', (driver) => {
  let fhir: TestFhirServer;
  let smtp: SmtpReceiver;
  const suite = gatehouseOn(driver, async (issuer) => {
    [fhir, smtp] = await Promise.all([fhirServerFor(issuer), startSmtp()]);
    const breakGlass = { notify: 'privacy@riverside.example' };
    return {
      clients: [MAIN_APP, PLAIN_APP, RESOURCE_SERVER],
      fhirServers: [
        ...[
          {
            id: 'main',
            name: 'Riverside',
            url: fhir.base,
            sensitiveKinds: ['mental-health' as const],
            breakGlass,
          },
        ],
      ],
      mail: { host: 'localhost', port: smtp.port, security: 'none', from: 'gate@riverside.example' },
      limits: { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 },
    };
  });
  const issuer = (): string => suite.server.issuer;
  beforeAll(() => fhir.start());
  beforeEach(() => giveTotp(suite.server.vault, 'dora'));
  afterAll(async () => {
    await fhir.stop();
    await smtp.close();
  });

  const asDora = (more: FlowOptions = {}): FlowOptions => ({
    ...{ username: 'dora', patient: 'amy-shaw', scope: SCOPE, code: codeOf },
    ...{ params: { aud: fhir.base } },
    ...more,
  });
  const inEmergency = (more: FlowOptions = {}): FlowOptions =>
    asDora({ scope: `${SCOPE} ${GLASS}`, why: WHY, ...more });
  const tokensFor = async (options: FlowOptions): Promise<TokenAnswer['body']> => {
    const { clientId: client_id = 'public-app' } = options;
    return (await redeem(issuer(), await authorize(issuer(), options), { client_id })).body;
  };
  const introspect = async (token: string): Promise<Record<string, unknown>> =>
    (await postForm(`${issuer()}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body;
  const conditions = async (token: string): Promise<string[]> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${fhir.base}/Condition?patient=amy-shaw`, { headers });
    const { entry = [] } = (await answer.json()) as { entry?: { resource: { id: string } }[] };
    return entry.map(({ resource }) => resource.id);
  };
  const press = async (screen: Screen, button: string): Promise<Screen> => {
    const { html, response } = await submit(issuer(), {
      ...screen,
      fields: { ...screen.fields, [button]: ['yes'] },
    });
    const next = { ...screen, html, status: response.status };
    return { ...next, fields: formFields(html) };
  };
  const events = (type: string) => suite.server.audit.filter((event) => event.type === type);

  test('[SEC-12] where the glass can be broken, sensitive records are held back from clinicians until it is', async () => {
    const tokens = await tokensFor(asDora());
    expect(JSON.stringify(await introspect(tokens.access_token))).toContain('"PSY"');
    expect(await conditions(tokens.access_token)).not.toContain(DEPRESSION);
    expect(tokens.scope).not.toContain(GLASS);
  });

  test('[SEC-12] [A199] with a reason and a second factor they are open: one patient, a quarter of an hour, no way to come back', async () => {
    const tokens = await tokensFor(inEmergency());
    expect(tokens.scope.split(' ').toSorted()).toEqual(
      [
        'openid',
        'fhirUser',
        'launch/patient',
        'patient/Patient.rs',
        'patient/Condition.rs',
        GLASS,
      ].toSorted(),
    );
    expect(tokens).not.toHaveProperty('refresh_token');
    expect(Number(tokens['expires_in'])).toBeLessThanOrEqual(15 * MINUTE);
    expect(Number(tokens['expires_in'])).toBeGreaterThan(14 * MINUTE);
    const told = await introspect(tokens.access_token);
    expect(told['extensions']).toEqual({
      ihe_iua: {
        purpose_of_use: [
          {
            ...{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' },
            display: 'break the glass',
          },
        ],
      },
    });
    expect(await conditions(tokens.access_token)).toContain(DEPRESSION);
  });

  test('[SEC-12] [SEC-3] it has an audit event with who, whose record, why and until when; its end has one, too', async () => {
    const browser = new CookieBrowser();
    await tokensFor(inEmergency({ browser }));
    expect(events('break-glass').at(-1)).toMatchObject({
      ...{ outcome: 'success', why: WHY, patient: 'amy-shaw', clientId: 'public-app', fhirServer: fhir.base },
      ...{ accountId: expect.any(String), reference: expect.any(String), until: expect.stringMatching(/Z$/) },
    });
    const ended = events('break-glass.ended').length;
    const page = await (await browser.get(`${issuer()}/apps`)).text();
    await browser.post(`${issuer()}/apps`, { ...formFields(page), stop: ['all'] });
    for (let look = 0; look < 40 && events('break-glass.ended').length === ended; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events('break-glass.ended').at(-1)).toMatchObject({ patient: 'amy-shaw', clientId: 'public-app' });
  });

  test('[SEC-12] whom the operator named is told at once, and no patient stands in a mail', async () => {
    await tokensFor(inEmergency());
    const told = events('break-glass').at(-1);
    const named = String(told?.type === 'break-glass' && told.reference);
    const mails = () =>
      smtp.received
        .map(({ to, text }) => ({ to, text: text.replaceAll(/=\r?\n/g, '').replaceAll(/\s+/g, ' ') }))
        .filter(({ text }) => text.includes(named));
    for (let look = 0; look < 100 && mails().length === 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const [{ to, text } = { to: [], text: '' }, ...more] = mails();
    expect([to, more]).toEqual([['privacy@riverside.example'], []]);
    expect(text).toContain(
      'Dr Dora Singh (user name dora) opened restricted records of one patient at Riverside',
    );
    expect(text).not.toMatch(/amy|unconscious/i);
  });

  test('[SEC-9] the record of the decision says the purpose', async () => {
    const browser = new CookieBrowser();
    await tokensFor(inEmergency({ browser }));
    const answer = await browser.get(`${issuer()}/apps/history/consents.json`);
    expect(await answer.text()).toContain('"code":"BTG"');
  });

  test('[A199] a password alone is no step up, also where nobody is asked for more when signing in', async () => {
    const { vault } = suite.server;
    await createFactorStore(vault).change(await idOf(vault, 'dora'), () => ({
      ...{ result: undefined, factors: { passkeys: [], recoveryCodes: ['hash-of-a-printed-code'] } },
    }));
    const asked = await openScreen(issuer(), 'emergency', inEmergency());
    const { html } = await submit(issuer(), asked, { why: WHY });
    expect(formFields(html)['step']).toEqual(['second']);
  });

  test('[A199] a second factor is shown anew, though one was shown when signing in to another app', async () => {
    const browser = new CookieBrowser();
    await tokensFor(asDora({ browser, clientId: 'plain-app' }));
    const asked = await openScreen(issuer(), 'emergency', inEmergency({ browser }));
    const { html } = await submit(issuer(), asked, { why: WHY });
    expect(html).toContain('name="code"');
    expect(textOf(html)).toContain('One more step');
  });

  test.each([
    ['no reason', ''],
    ['hardly one', ' urgent \u200b\u200b\u200b\u200b\u200b\n '],
    ['a novel', 'x'.repeat(501)],
  ])('[A199] %s opens nothing', async (_what, why) => {
    const asked = await openScreen(issuer(), 'emergency', inEmergency());
    const { response, html } = await submit(issuer(), asked, { why });
    expect(response.status).toBe(422);
    expect(textOf(html)).toMatch(/Say why, in 10 letters or more|Use 500 letters at most/);
  });

  test('[A199] [audited] who has no second factor opens nothing, and reads where to set one up', async () => {
    await takeFactors(suite.server.vault, 'dora');
    const asked = await openScreen(issuer(), 'emergency', inEmergency());
    const { response, html } = await submit(issuer(), asked, { why: WHY });
    expect([response.status, textOf(html)]).toEqual([422, expect.stringContaining(`${issuer()}/account`)]);
    expect(events('break-glass').at(-1)).toMatchObject({ outcome: 'refused', reason: 'no-second-factor' });
  });

  test.each<[string, FlowOptions]>([
    ['a patient', { username: 'amy' }],
    ['who asks for more than one patient', { scope: `openid user/Patient.rs ${GLASS}` }],
  ])('[A199] [audited] %s is refused, and the app is told access_denied', async (_who, options) => {
    const browser = new CookieBrowser();
    const url = authorizeUrl(issuer(), inEmergency({ ...options, browser }), pkce().challenge);
    let arrival = await arrive(issuer(), browser, await browser.get(url));
    const login = {
      ...formFields(arrival.html),
      username: [options.username ?? 'dora'],
      password: [PASSWORD],
    };
    arrival = await arrive(issuer(), browser, await browser.post(arrival.response.url, login));
    if (arrival.html.includes('name="code"'))
      arrival = await arrive(
        issuer(),
        browser,
        await browser.post(arrival.response.url, { ...formFields(arrival.html), code: [codeOf()] }),
      );
    expect([arrival.response.status, textOf(arrival.html)]).toEqual([
      403,
      expect.stringContaining('This cannot be opened in an emergency here'),
    ]);
    expect(events('consent').at(-1)).toMatchObject({
      ...{ outcome: 'refused', reason: 'no-emergency', accountId: expect.any(String) },
    });
    const left = await browser.post(arrival.response.url, { ...formFields(arrival.html), cancel: ['yes'] });
    const { callback } = await arrive(issuer(), browser, left);
    expect(callback?.searchParams.get('error')).toBe('access_denied');
  });

  test('[A199] an app that is not registered for it is not let, and gets none of it by asking', async () => {
    const posted = await openScreen(issuer(), 'consent', asDora({ clientId: 'plain-app' }));
    expect(posted.html).not.toContain('name="emergency"');
    const { callback } = await submit(issuer(), {
      ...posted,
      fields: { ...posted.fields, emergency: ['yes'], scope: [...(posted.fields['scope'] ?? []), GLASS] },
    });
    const code = callback?.searchParams.get('code') ?? '';
    const { body } = await redeem(issuer(), { code, verifier: posted.verifier }, { client_id: 'plain-app' });
    expect(body.scope).not.toContain(GLASS);
    expect(JSON.stringify(await introspect(body.access_token))).toContain('"PSY"');
  });

  test('[SEC-12] [A097] the consent screen says why, for how long, and that it is watched', async () => {
    const { html } = await openScreen(issuer(), 'consent', inEmergency());
    const text = textOf(html);
    expect(text).toContain(`You said: ${WHY}`);
    expect(text).toContain('Access ends after 15 minutes.');
    expect(text).toContain('It is recorded, and people are told.');
    expect(text).not.toMatch(/one hour|Keep access/);
  });

  test('[SEC-12] from the consent screen there and back: who goes on without shares as usual', async () => {
    const consent = await openScreen(issuer(), 'consent', asDora());
    const asked = await press(consent, 'emergency');
    expect(textOf(asked.html)).toContain('Open restricted records in an emergency');
    const usual = await press(asked, 'usual');
    expect([usual.fields['step'], usual.html.includes('name="emergency"')]).toEqual([['consent'], true]);
  });
});

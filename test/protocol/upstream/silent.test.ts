import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { arrive, authorizeUrl, pkce, submit } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { hospitalOn } from '../../support/hospital.ts';
import { sessionOf } from '../../support/session-of.ts';

const scope = 'openid fhirUser launch patient/Patient.rs';

describe.each(DRIVERS)('an app that the EHR opens, on %s', (driver) => {
  let ehr: KeyedClient;
  const hospital = hospitalOn(driver, { silent: true, trustMfa: true }, async (issuer) => {
    ehr = await ehrClient(issuer);
    return { clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration] };
  });
  let token: string;
  let browser: CookieBrowser;
  beforeAll(async () => {
    const { issuer } = hospital.server;
    token = (await backendToken(issuer, ehr, `${issuer}/scopes/launch`)).body.access_token;
    await hospital.link('dora', 'h-77');
  });
  beforeEach(() => {
    browser = new CookieBrowser();
    hospital.idp.person = { sub: 'h-77' };
  });

  /** What the browser is told by us, up to where it leaves for the provider, or to a page. */
  async function launch(params: Record<string, string> = {}) {
    const { issuer } = hospital.server;
    const { body } = await announce(issuer, token, { patient: 'p1', fhirUser: 'Practitioner/d1' });
    const url = authorizeUrl(issuer, { scope, params: { launch: body.launch, ...params } }, pkce().challenge);
    return arrive(issuer, browser, await browser.get(url));
  }

  async function signInThere(): Promise<void> {
    const at = await hospital.begin(browser, { scope: 'openid launch/patient patient/Patient.rs' });
    await hospital.idp.walk(browser, await hospital.press(browser, at));
  }

  test('whoever is signed in at the hospital is not asked', async () => {
    await signInThere();
    const { callback } = await launch();
    expect(callback?.searchParams.get('prompt')).toBe('none');
    const back = await hospital.idp.walk(browser, callback?.href ?? '');
    const { html, response } = await arrive(hospital.server.issuer, browser, await browser.get(back.href));
    expect(formFields(html)['step']).toEqual(['consent']);
    await submit(hospital.server.issuer, {
      ...{ browser, url: response.url, status: 200, html, fields: formFields(html), verifier: '' },
    });
    const session = await sessionOf(hospital.server.vault, browser, hospital.server.issuer);
    expect(session).toMatchObject({
      amr: ['mfa'],
      upstream: { provider: 'hospital', sub: 'h-77', amr: ['pwd', 'otp', 'mfa'], acr: 'loa3' },
    });
  });

  test('whoever is not sees the sign-in page, without a word of it, and is not asked again', async () => {
    const { callback } = await launch();
    const back = await hospital.idp.walk(browser, callback?.href ?? '');
    expect(back.searchParams.get('error')).toBe('login_required');
    const { html, response } = await arrive(hospital.server.issuer, browser, await browser.get(back.href));
    expect(formFields(html)['step']?.[0]).toBe('login');
    expect(html).not.toContain('role="alert"');
    expect(formFields(await (await browser.get(response.url)).text())['step']?.[0]).toBe('login');
    const { html: next } = await hospital.signIn(browser, { url: response.url, html, verifier: '' });
    expect(formFields(next)['step']).toEqual(['consent']);
  });

  test('not where the app wants people to be asked, nor where no EHR opened it', async () => {
    const { html } = await launch({ prompt: 'login' });
    expect(formFields(html)['step']?.[0]).toBe('login');
    const plain = await hospital.begin(browser, { scope: 'openid launch/patient patient/Patient.rs' });
    expect(formFields(plain.html)['step']?.[0]).toBe('login');
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';

import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { textOf, redeem, submit, type Screen } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { hospitalOn } from '../../support/hospital.ts';
import { formFields } from '../../support/browser.ts';

describe.each(DRIVERS)('signing in at the hospital, on %s', (driver) => {
  const hospital = hospitalOn(driver);
  const DORA = { sub: 'h-77', claims: { name: 'Dr Dora Singh' } };
  let browser: CookieBrowser;
  beforeEach(async () => {
    browser = new CookieBrowser();
    hospital.idp.person = DORA;
    await hospital.link('dora', 'h-77');
    await hospital.link('amy', 'h-1');
  });

  const scope = 'openid fhirUser launch/patient patient/Patient.rs';

  test('[A067] a button of the sign-in page leads there, with PKCE, state and nonce, and back to the app', async () => {
    hospital.idp.person = { sub: 'h-1' };
    const at = await hospital.begin(browser, { scope });
    expect(textOf(at.html)).toContain('Sign in with Riverside Hospital');
    const { html, response } = await hospital.signIn(browser, at);
    const asked = Object.fromEntries(hospital.idp.asked.at(-1) ?? []);
    expect(asked).toMatchObject({
      ...{ response_type: 'code', code_challenge_method: 'S256', scope: 'openid profile email' },
      redirect_uri: `${hospital.server.issuer}/sign-in/hospital/callback`,
    });
    expect([asked['state'], asked['nonce'], asked['code_challenge']].map((one) => one?.length)).toEqual([
      32, 43, 43,
    ]);
    expect(formFields(html)['step']).toEqual(['consent']);
    const screen: Screen = {
      ...{ browser, url: response.url, status: 200, html, fields: formFields(html) },
      verifier: at.verifier,
    };
    const { callback } = await submit(hospital.server.issuer, screen);
    const code = callback?.searchParams.get('code') ?? '';
    const { status, body } = await redeem(hospital.server.issuer, { code, verifier: at.verifier });
    expect({ status, patient: body['patient'] }).toEqual({ status: 200, patient: 'p1' });
    expect(hospital.server.audit).toContainEqual(
      expect.objectContaining({ type: 'sign-in', outcome: 'success', provider: 'hospital' }),
    );
    // The next app finds the session.
    expect(formFields((await hospital.begin(browser, { scope })).html)['step']).toEqual(['consent']);
  });

  test('at /apps, where no app waits', async () => {
    hospital.idp.person = { sub: 'h-1' };
    const url = `${hospital.server.issuer}/apps`;
    const html = await (await browser.get(url)).text();
    const { html: list } = await hospital.signIn(browser, { url, html, verifier: '' });
    expect(textOf(list)).toContain('Signed in as Amy Shaw');
  });

  test('[A067] the answer counts once, in this browser, with this state, from this provider', async () => {
    const other = new CookieBrowser();
    const back = await hospital.idp.walk(
      browser,
      await hospital.press(browser, await hospital.begin(browser, { scope })),
    );
    const changed = (name: string, value: string): string => {
      const url = new URL(back);
      url.searchParams.set(name, value);
      return url.href;
    };
    const lost = async (visitor: CookieBrowser, url: string): Promise<void> => {
      const answer = await visitor.get(url);
      expect(answer.status).toBe(400);
      expect(textOf(await answer.text())).toContain('This sign-in cannot go on');
    };
    await lost(other, back.href);
    await hospital.begin(other, { scope });
    await lost(other, back.href);
    await lost(browser, changed('state', 'another-state'));
    expect((await browser.get(back.href)).status).toBe(303);
    await lost(browser, back.href);
    expect(hospital.server.audit.at(-1)).toMatchObject({ type: 'sign-in', reason: 'not-begun-here' });
  });

  test.each([
    ['another issuer than it went to (mix-up)', 'iss', 'http://localhost:1'],
    ['a code of its own making', 'code', 'made-up'],
  ])('an answer with %s signs nobody in', async (_what, name, value) => {
    const at = await hospital.begin(browser, { scope });
    const back = await hospital.idp.walk(browser, await hospital.press(browser, at));
    back.searchParams.set(name, value);
    expect((await browser.get(back.href)).status).toBe(303);
    const page = await (await browser.get(at.url)).text();
    expect(textOf(page)).toContain('The answer from Riverside Hospital was not as it should be');
    expect(formFields(page)['step']?.[0]).toBe('login');
  });

  test('an id token with another nonce signs nobody in', async () => {
    const at = await hospital.begin(browser, { scope });
    const asked = new URL(await hospital.press(browser, at));
    asked.searchParams.set('nonce', 'of-somebody-else');
    const back = await hospital.idp.walk(browser, asked.href);
    await browser.get(back.href);
    const page = await (await browser.get(at.url)).text();
    expect(textOf(page)).toContain('was not as it should be');
  });

  test('who cancels there reads so here, and can try again or go back to the app', async () => {
    hospital.idp.person = undefined;
    const at = await hospital.begin(browser, { scope });
    const { html } = await hospital.signIn(browser, at);
    expect(textOf(html)).toContain('Riverside Hospital did not sign you in, because it was stopped there');
    hospital.idp.person = { sub: 'h-1' };
    const again = await hospital.signIn(browser, { ...at, html });
    expect(formFields(again.html)['step']).toEqual(['consent']);
  });

  test('whom it knows and we do not, and whom we have shut out, stay out', async () => {
    hospital.idp.person = {
      sub: 'nobody',
      claims: { preferred_username: 'amy', email: 'amy@hospital.example' },
    };
    const first = await hospital.signIn(browser, await hospital.begin(browser, { scope }));
    expect(textOf(first.html)).toContain('you have no account here');
    const accounts = createAccountStore(hospital.server.vault);
    const ben = await accounts.findByUsername('ben');
    await accounts.save({ ...ben!, disabled: true });
    await hospital.link('ben', 'h-2');
    hospital.idp.person = { sub: 'h-2' };
    const other = new CookieBrowser();
    const second = await hospital.signIn(other, await hospital.begin(other, { scope }));
    expect(textOf(second.html)).toContain('Your account here is switched off');
  });

  test('prompt=login and max_age are asked of it, and it has to have asked', async () => {
    hospital.idp.person = { sub: 'h-1' };
    await hospital.signIn(browser, await hospital.begin(browser, { scope }));
    const params = { prompt: 'login', max_age: '300' };
    const at = await hospital.begin(browser, { scope, params });
    const asked = new URL(await hospital.press(browser, at));
    expect(Object.fromEntries(asked.searchParams)).toMatchObject(params);
    await browser.get((await hospital.idp.walk(browser, asked.href)).href);
    expect(formFields(await (await browser.get(at.url)).text())['step']).toEqual(['consent']);
  });

  test('one that goes away before it is asked about the answer: the page says so, and later it works', async () => {
    hospital.idp.person = { sub: 'h-1' };
    const at = await hospital.begin(browser, { scope });
    const back = await hospital.idp.walk(browser, await hospital.press(browser, at));
    await hospital.idp.stop();
    expect((await browser.get(back.href)).status).toBe(303);
    const page = await (await browser.get(at.url)).text();
    expect(textOf(page)).toContain('Riverside Hospital does not answer now. Nothing is lost');
    await hospital.idp.start();
    const { html } = await hospital.signIn(browser, { ...at, html: page });
    expect(formFields(html)['step']).toEqual(['consent']);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { until } from '../../support/app.ts';
import { arrive, postForm, redeem, refresh, submit, textOf, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { hospitalOn } from '../../support/hospital.ts';
import { startToldApp, type ToldApp } from '../../support/told-app.ts';

const ONLINE = 'openid launch/patient online_access patient/Patient.rs';
const OFFLINE = 'openid launch/patient offline_access patient/Patient.rs';
const now = (): number => Math.floor(Date.now() / 1000);

describe.each(DRIVERS)('signing out, here and at the hospital, on %s', (driver) => {
  let told: ToldApp;
  beforeAll(async () => {
    told = await startToldApp('told-app', { backchannel_logout_session_required: true });
  });
  afterAll(() => told.close());
  const hospital = hospitalOn(driver, { trustMfa: true }, async () => ({
    clients: [PUBLIC_APP, RESOURCE_SERVER, told.registration],
  }));
  let browser: CookieBrowser;
  beforeEach(async () => {
    browser = new CookieBrowser();
    hospital.idp.person = { sub: 'h-1' };
    await hospital.link('amy', 'h-1');
  });

  /** Signs in at the hospital and allows an app. */
  async function allowed(
    scope: string,
    visitor = browser,
    clientId = 'public-app',
  ): Promise<TokenAnswer['body']> {
    const at = await hospital.begin(visitor, { scope, clientId });
    const { html, response } =
      formFields(at.html)['step']?.[0] === 'login'
        ? await hospital.signIn(visitor, at)
        : { html: at.html, response: { url: at.url } };
    const { verifier } = at;
    const fields = formFields(html);
    const screen = { browser: visitor, url: response.url, status: 200, html, fields, verifier };
    const { callback } = await submit(hospital.server.issuer, screen);
    const code = callback?.searchParams.get('code') ?? '';
    return (await redeem(hospital.server.issuer, { code, verifier }, { client_id: clientId })).body;
  }

  const isActive = async ({ access_token: token }: TokenAnswer['body']): Promise<unknown> =>
    (await postForm(`${hospital.server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];
  const isSignedIn = async (visitor = browser): Promise<boolean> =>
    (await (await visitor.get(`${hospital.server.issuer}/apps`)).text()).includes('Signed in as');
  const tell = async (token: string): Promise<number> => {
    const url = `${hospital.server.issuer}/sign-in/hospital/backchannel-logout`;
    const { status, headers } = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    expect(headers.get('cache-control')).toBe('no-store');
    return status;
  };

  test('[REF-14] signing out at the hospital ends the session here and what lives with it, and nothing else', async () => {
    const online = await allowed(ONLINE);
    const offline = await allowed(OFFLINE);
    const other = new CookieBrowser();
    await allowed(ONLINE, other);
    expect(await isActive(online)).toBe(true);
    await hospital.idp.signOut(browser);
    await until(async () => !(await isSignedIn()), 'the session here had ended');
    expect(await isActive(online)).toBe(false);
    expect((await refresh(hospital.server.issuer, online.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(offline)).toBe(true);
    expect(await isSignedIn(other)).toBe(true);
    expect(hospital.server.audit).toContainEqual(
      expect.objectContaining({ type: 'sign-out', provider: 'hospital' }),
    );
  });

  test('[openid-backchannel§2.5] [REF-14] what the hospital tells us our apps are told, and what they were granted for the session ends', async () => {
    const online = await allowed(ONLINE, browser, 'told-app');
    const { sub, sid } = decodeJwt(String(online['id_token']));
    await hospital.idp.signOut(browser);
    const said = await told.told(1, hospital.server.issuer);
    expect(said).toEqual([expect.objectContaining({ sub, sid })]);
    expect(await isActive(online)).toBe(false);
    const again = await refresh(hospital.server.issuer, online.refresh_token, { client_id: 'told-app' });
    expect(again.body.error).toBe('invalid_grant');
  });

  test('a logout token that names the person ends all their sessions, once', async () => {
    const other = new CookieBrowser();
    const online = await allowed(ONLINE);
    await allowed(ONLINE, other);
    const token = await hospital.idp.logoutToken({ sub: 'h-1', iat: now(), exp: now() + 100 });
    expect(await tell(token)).toBe(200);
    expect([await isSignedIn(), await isSignedIn(other), await isActive(online)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await tell(token)).toBe(400);
  });

  test.each([
    ['of another issuer', { iss: 'http://localhost:1' }, {}],
    ['for another client', { aud: 'another' }, {}],
    ['with a nonce', { nonce: 'n' }, {}],
    ['without the event', { events: {} }, {}],
    ['of an hour ago', { iat: now() - 3600 }, {}],
    ['that has expired', { exp: now() - 60 }, {}],
    ['of tomorrow', { iat: now() + 86_400, exp: now() + 90_000 }, {}],
    ['without a jti', { jti: undefined }, {}],
    ['that names nobody', { sub: undefined }, {}],
    ['of another type', {}, { typ: 'at+jwt' }],
  ])('a logout token %s ends nothing', async (_what, claims, header) => {
    await allowed(ONLINE);
    const usual = { sub: 'h-1', iat: now(), exp: now() + 100 };
    const token = await hospital.idp.logoutToken({ ...usual, ...claims } as never, header);
    expect(await tell(token)).toBe(400);
    expect(await tell(`${token.slice(0, -4)}AAAA`)).toBe(400);
    expect(await isSignedIn()).toBe(true);
  });

  test('signing out here leads on to sign out there, by a page of its own, and back', async () => {
    const online = await allowed(ONLINE);
    const { issuer } = hospital.server;
    const page = await (await browser.get(`${issuer}/logout`)).text();
    const fields = { ...formFields(page), logout: ['yes'] };
    const answer = await browser.post(`${issuer}/logout/confirm`, fields);
    expect(answer.status).toBe(200);
    const { callback } = await arrive(issuer, browser, answer);
    expect(callback?.href).toContain(`${hospital.idp.issuer}/session/end?`);
    expect(callback?.searchParams.get('id_token_hint')).toMatch(/^ey/);
    expect(await isActive(online)).toBe(false);
    const there = await hospital.idp.signOut(browser, callback?.href);
    const back = await arrive(issuer, browser, await browser.get(there.headers.get('location') ?? ''));
    expect(textOf(back.html)).toContain('You are signed out');
    // Nobody is signed in there, either.
    hospital.idp.person = undefined;
    const at = await hospital.begin(browser, { scope: ONLINE });
    expect(textOf((await hospital.signIn(browser, at)).html)).toContain('it was stopped there');
  });
});

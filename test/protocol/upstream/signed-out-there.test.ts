import { beforeEach, describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { arrive, redeem, submit, textOf, type Arrival, type Screen } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { heldStore, type HeldStore } from '../../support/held-store.ts';
import { hospitalOn, single } from '../../support/hospital.ts';

const SIGN_IN_AGAIN = 'You have signed out at Riverside Hospital. Sign in again to go on.';
const now = (): number => Math.floor(Date.now() / 1000);

describe.each(DRIVERS)('signing out at the hospital on the way from there to an app, on %s', (driver) => {
  let held: HeldStore;
  const hospital = hospitalOn(
    driver,
    {},
    { clients: [PUBLIC_APP, RESOURCE_SERVER] },
    {},
    (store) => (held = heldStore(store)).store,
  );
  let browser: CookieBrowser;
  let sub = '';
  beforeEach(async () => {
    browser = new CookieBrowser();
    // Another one for each test: who signs out and comes back within a second is asked once more.
    sub = crypto.randomUUID();
    hospital.idp.person = { sub };
    await hospital.link('amy', sub);
  });
  const issuer = (): string => hospital.server.issuer;

  /** The consent page of somebody who has just come from the hospital. */
  async function atConsent(): Promise<Screen> {
    const at = await hospital.begin(browser);
    const { response, html } = await hospital.signIn(browser, at);
    expect(formFields(html)['step']).toEqual(['consent']);
    return { browser, url: response.url, status: 200, html, fields: formFields(html), verifier: at.verifier };
  }
  async function tell(claims: Parameters<typeof hospital.idp.logoutToken>[0]): Promise<void> {
    const token = await hospital.idp.logoutToken({ iat: now(), exp: now() + 100, ...claims });
    const url = `${issuer()}/sign-in/hospital/backchannel-logout`;
    const { status } = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    expect(status).toBe(200);
  }
  const askedAgain = ({ callback, html }: Arrival): void => {
    expect(callback).toBeUndefined();
    expect(formFields(html)['step']).toContain('login');
    expect(textOf(html)).toContain(SIGN_IN_AGAIN);
  };

  test('[A092] signed out there before "Allow access": nothing is allowed, and signing in again goes on', async () => {
    const consent = await atConsent();
    await hospital.idp.signOut(browser);
    const login = await submit(issuer(), consent);
    askedAgain(login);
    expect(hospital.server.audit.at(-1)).toMatchObject({
      ...{ type: 'sign-in', outcome: 'refused', reason: 'ended-there', provider: 'hospital' },
    });
    expect(hospital.server.audit.filter(({ type }) => type === 'authorize')).toEqual([]);
    askedAgain(await arrive(issuer(), browser, await browser.get(consent.url)));

    const again = await hospital.signIn(browser, { url: login.response.url, html: login.html, verifier: '' });
    const { callback } = await submit(issuer(), { ...consent, fields: formFields(again.html) });
    const code = callback?.searchParams.get('code') ?? '';
    expect((await redeem(issuer(), { code, verifier: consent.verifier })).status).toBe(200);
  });

  test('[A092] a logout token that names the person counts as well, and one of somebody else does not', async () => {
    const consent = await atConsent();
    await tell({ sub: 'somebody-else' });
    const page = await arrive(issuer(), browser, await browser.get(consent.url));
    expect(formFields(page.html)['step']).toEqual(['consent']);
    await tell({ sub });
    askedAgain(await submit(issuer(), consent));
  });

  test('[A092] who then signs in with a password goes on as that person, and not by the way from there', async () => {
    const consent = await atConsent();
    await hospital.idp.signOut(browser);
    const login = await submit(issuer(), consent);
    const form = { ...single(login.html), username: 'ben', password: PASSWORD };
    const next = await arrive(issuer(), browser, await browser.post(login.response.url, form));
    const { callback } = await submit(issuer(), { ...consent, fields: formFields(next.html) });
    const { body } = await redeem(issuer(), {
      code: callback?.searchParams.get('code') ?? '',
      verifier: consent.verifier,
    });
    expect(body['patient']).toBe('p2');
  });

  test('[A092] signed out there in the moment in which the session here is written: it is ended, and the app gets no code', async () => {
    const consent = await atConsent();
    const reached = held.holdNext(':session');
    const answer = submit(issuer(), consent);
    await reached;
    await tell({ sub });
    held.release();
    const { callback } = await answer;
    expect(callback?.searchParams.get('code')).toBeNull();
    expect(callback?.searchParams.get('error')).toBe('access_denied');
    expect(await (await browser.get(`${issuer()}/apps`)).text()).toContain('Password');
  });

  test('[A092] the same on the way to our own pages', async () => {
    const page = await browser.get(`${issuer()}/apps`);
    const at = { url: page.url, html: await page.text(), verifier: '' };
    const back = await hospital.idp.walk(browser, await hospital.press(browser, at));
    const reached = held.holdNext(':session');
    const answer = browser.get(back.href);
    await reached;
    await tell({ sub });
    held.release();
    expect((await answer).status).toBe(400);
    expect(await (await browser.get(`${issuer()}/apps`)).text()).toContain('Password');
  });

  test('[A092] a session here that is ended while a consent page is open allows nothing: the app is to begin again', async () => {
    const first = await atConsent();
    await submit(issuer(), first);
    const at = await hospital.begin(browser);
    expect(formFields(at.html)['step']).toEqual(['consent']);
    await hospital.idp.signOut(browser);
    const screen = { ...first, url: at.url, fields: formFields(at.html), verifier: at.verifier };
    const { callback, response, html } = await submit(issuer(), screen);
    expect([callback, response.status]).toEqual([undefined, 400]);
    expect(textOf(html)).toMatch(/go back to the app/i);
  });
});

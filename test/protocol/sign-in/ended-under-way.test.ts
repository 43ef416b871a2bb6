import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { arrive, authorize, authorizeUrl, openScreen, pkce, textOf } from '../../support/flow.ts';
import {
  DRIVERS,
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { heldStore, type HeldStore } from '../../support/held-store.ts';

describe.each(DRIVERS)('a session that is ended while a request of it is under way, on %s', (driver) => {
  let server: TestServer;
  let store: TestStore;
  let held: HeldStore;
  beforeAll(async () => {
    store = await testStore(driver);
    held = heldStore(store);
    const limits = { failuresPerAddress: 0, authorizationsPerAddress: 0 };
    server = await startGatehouse(held.store, { clients: [PUBLIC_APP, RESOURCE_SERVER], limits });
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function signInAtMyApps(): Promise<CookieBrowser> {
    const browser = new CookieBrowser();
    const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
    await browser.post(`${server.issuer}/apps`, form);
    return browser;
  }
  async function signOutEverywhere(browser: CookieBrowser): Promise<void> {
    const page = await (await browser.get(`${server.issuer}/account`)).text();
    const { status } = await browser.post(`${server.issuer}/account`, {
      ...formFields(page),
      everywhere: 'yes',
    });
    expect(status).toBe(200);
  }
  /** Sends a request, has the session ended while it is about to be written, and lets it go on. */
  async function endedDuring(send: () => Promise<Response>): Promise<Response> {
    const other = await signInAtMyApps();
    const reached = held.holdNext(':session');
    const answer = send();
    await reached;
    await signOutEverywhere(other);
    held.release();
    return answer;
  }
  /** Where a page leads on by itself. */
  async function onward(page: Response): Promise<string> {
    const [, to = ''] = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(await page.text()) ?? [];
    return new URL(to.replaceAll('&amp;', '&'), server.issuer).href;
  }
  /** The pages that this browser finds: an app's and our own. */
  async function stepsAt(browser: CookieBrowser): Promise<unknown[]> {
    const at = await browser.get(authorizeUrl(server.issuer, {}, pkce().challenge));
    const { html } = await arrive(server.issuer, browser, at);
    const own = await (await browser.get(`${server.issuer}/apps`)).text();
    return [formFields(html)['step']?.[0], formFields(own)['step']?.[0]];
  }

  test('[A092] at /authorize: the request fails, and the session stays ended', async () => {
    const browser = await signInAtMyApps();
    const url = authorizeUrl(server.issuer, {}, pkce().challenge);
    const before = browser.cookieHeader(`${server.issuer}/`);
    const { headers } = await endedDuring(() => browser.get(url));
    const to = new URL(headers.get('location') ?? '');
    expect(to.searchParams.get('error')).toBe('access_denied');
    expect(to.searchParams.get('error_description')).toMatch(/^the session has ended; sign in again/);
    expect(headers.getSetCookie().filter((line) => line.startsWith('gatehouse='))).toEqual([]);
    expect(browser.cookieHeader(`${server.issuer}/`)).toContain(before);
    expect(await stepsAt(browser)).toEqual(['login', 'sign-in']);
  });

  test('[A092] after the consent page: the app gets no code, and the session stays ended', async () => {
    const browser = new CookieBrowser();
    await authorize(server.issuer, { browser });
    const consent = await openScreen(server.issuer, 'consent', { browser });
    const resume = await onward(await browser.post(consent.url, consent.fields));
    const answer = await endedDuring(() => browser.get(resume));
    const { callback } = await arrive(server.issuer, browser, answer);
    expect(callback?.searchParams.get('code')).toBeNull();
    expect(callback?.searchParams.get('error')).toBe('access_denied');
    expect(await stepsAt(browser)).toEqual(['login', 'sign-in']);
    expect(server.audit).toContainEqual(
      expect.objectContaining({
        type: 'authorize',
        reason: expect.stringContaining('the session has ended'),
      }),
    );
  });

  test('[A092] at /apps: whoever is there is asked to sign in', async () => {
    const browser = await signInAtMyApps();
    const later = Date.now() + 40_000;
    jest.spyOn(Date, 'now').mockImplementation(() => later);
    const answer = await endedDuring(() => browser.get(`${server.issuer}/apps`));
    expect(formFields(await answer.text())['step']).toEqual(['sign-in']);
    expect(await stepsAt(browser)).toEqual(['login', 'sign-in']);
  });

  test('[A072] moved to another id meanwhile, it goes on there, and its old id is good for nothing', async () => {
    const browser = new CookieBrowser();
    await authorize(server.issuer, { browser });
    // Signing in anew moves it.
    const consent = await openScreen(server.issuer, 'consent', { browser, params: { prompt: 'login' } });
    const resume = await onward(await browser.post(consent.url, consent.fields));
    const old = browser.cookieHeader(`${server.issuer}/`);
    const reached = held.holdNext(':session');
    const url = authorizeUrl(server.issuer, {}, pkce().challenge);
    const late = fetch(url, { headers: { cookie: old }, redirect: 'manual' });
    await reached;
    const { callback } = await arrive(server.issuer, browser, await browser.get(resume));
    expect(callback?.searchParams.get('code')).toBeTruthy();
    held.release();
    const { status, headers } = await late;
    expect(status).toBe(303);
    expect(headers.getSetCookie().filter((line) => line.startsWith('gatehouse='))).toEqual([]);
    expect(await stepsAt(browser)).toEqual(['consent', 'my-apps']);
    const stale = await fetch(`${server.issuer}/apps`, { headers: { cookie: old, accept: 'text/html' } });
    expect(textOf(await stale.text())).toContain('Password');
  });
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import {
  createAccountStore,
  createGrantIndex,
  createSessionEnd,
  createSessionList,
} from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import {
  arrive,
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  postForm,
  redeem,
  refresh,
  textOf,
} from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const IDLE = 600;
const WHOLE = 1500;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const ONLINE = 'launch/patient patient/Patient.rs online_access';

describe.each(DRIVERS)('how long somebody stays signed in, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, RESOURCE_SERVER],
    tokens: { sessionSeconds: WHOLE },
    signIn: { idleSeconds: IDLE },
  }));
  let now = Date.now();
  beforeEach(() => {
    now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const pass = (seconds: number): void => void (now += seconds * 1000);
  const issuer = (): string => suite.server.issuer;

  /** The page that an app finds this browser at: `login` or `consent`. */
  async function stepAt(browser: CookieBrowser, params: Record<string, string> = {}): Promise<string> {
    const url = authorizeUrl(issuer(), { params }, pkce().challenge);
    const { html, callback } = await arrive(issuer(), browser, await browser.get(url));
    return callback?.searchParams.get('error') ?? formFields(html)['step']?.[0] ?? textOf(html);
  }
  async function myAppsAt(browser: CookieBrowser): Promise<string> {
    const response = await browser.get(`${issuer()}/apps`, { 'user-agent': FIREFOX });
    return formFields(await response.text())['step']?.[0] === 'sign-in' ? 'login' : 'shown';
  }
  async function signInAtMyApps(browser: CookieBrowser): Promise<void> {
    const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
    await browser.post(`${issuer()}/apps`, form, { 'user-agent': FIREFOX });
  }
  const sessions = () => {
    const { vault } = suite.server;
    return createSessionList(vault, createSessionEnd(vault, createGrantIndex(vault.driver, 3600)));
  };
  async function idOf(username: string): Promise<string> {
    return (await createAccountStore(suite.server.vault).findByUsername(username))?.accountId ?? '';
  }
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${issuer()}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body['active'];

  test('[A091] at /authorize: who comes again in time goes on, who does not signs in again, and so does a second visitor', async () => {
    const browser = new CookieBrowser();
    await authorize(issuer(), { browser });
    pass(IDLE - 5);
    expect(await stepAt(browser)).toBe('consent');
    pass(IDLE - 5);
    expect(await stepAt(browser)).toBe('consent');
    pass(IDLE + 1);
    // Asking does not wake it, however often.
    expect([await stepAt(browser), await stepAt(browser)]).toEqual(['login', 'login']);
    expect(await myAppsAt(browser)).toBe('login');
    await authorize(issuer(), { browser });
    expect([await stepAt(browser), await myAppsAt(browser)]).toEqual(['consent', 'shown']);
  });

  test('[A091] at /apps: the same', async () => {
    const browser = new CookieBrowser();
    await signInAtMyApps(browser);
    pass(IDLE - 5);
    expect(await myAppsAt(browser)).toBe('shown');
    pass(IDLE - 5);
    expect([await myAppsAt(browser), await stepAt(browser)]).toEqual(['shown', 'consent']);
    pass(IDLE + 1);
    expect([await myAppsAt(browser), await myAppsAt(browser), await stepAt(browser)]).toEqual([
      ...['login', 'login', 'login'],
    ]);
    await signInAtMyApps(browser);
    expect([await myAppsAt(browser), await stepAt(browser)]).toEqual(['shown', 'consent']);
  });

  test.each(['/authorize', '/apps'])(
    '[A091] at %s: it ends in its time, however often somebody comes',
    async (where) => {
      const browser = new CookieBrowser();
      await signInAtMyApps(browser);
      const come = () => (where === '/apps' ? myAppsAt(browser) : stepAt(browser));
      for (let visit = 0; visit < 3; visit += 1) {
        pass(450);
        expect(await come()).not.toBe('login');
      }
      pass(WHOLE - 3 * 450 + 1);
      expect(await come()).toBe('login');
    },
  );

  test('[A090] nothing an app sends keeps a session awake or wakes it', async () => {
    const browser = new CookieBrowser();
    await authorize(issuer(), { browser });
    pass(IDLE + 1);
    for (const params of [{ prompt: 'consent' }, { max_age: '99999' }, { skip_timeout_reset: '1' }])
      expect(await stepAt(browser, params)).toBe('login');
    expect(await stepAt(browser, { prompt: 'none' })).toBe('login_required');
  });

  test('[A091] [A070] who leaves a consent page open for too long signs in before it counts', async () => {
    const browser = new CookieBrowser();
    await authorize(issuer(), { browser });
    const consent = await openScreen(issuer(), 'consent', { browser });
    pass(IDLE + 1);
    const answer = await arrive(issuer(), browser, await browser.post(consent.url, consent.fields));
    expect([answer.callback, formFields(answer.html)['step']]).toEqual([undefined, ['login']]);
  });

  test('a person sees where they are signed in, and ends one of them with what was granted for its time', async () => {
    const [phone, desk] = [new CookieBrowser(), new CookieBrowser()];
    const accountId = await idOf('ben');
    await sessions().endAll(accountId);
    const ben = { username: 'ben', scope: ONLINE };
    const { body: kept } = await redeem(issuer(), await authorize(issuer(), { ...ben, browser: desk }));
    const first = await sessions().of(accountId);
    pass(60);
    const { body: gone } = await redeem(issuer(), await authorize(issuer(), { ...ben, browser: phone }));
    const all = await sessions().of(accountId);
    expect(all).toHaveLength(2);
    const other = all.find(({ id }) => id !== first[0]?.id)!;
    expect(other).toMatchObject({ network: '127.0.0.1', seenAt: Math.floor(now / 1000) });
    expect(other.endsAt - other.signedInAt).toBe(WHOLE);
    await myAppsAt(desk);
    const seen = (await sessions().of(accountId)).find(({ id }) => id === first[0]?.id);
    expect(seen).toMatchObject({ browser: 'Firefox', system: 'Linux', seenAt: Math.floor(now / 1000) });

    expect(await sessions().end(await idOf('amy'), other.id)).toBe(false);
    expect(await sessions().end(accountId, 'x'.repeat(43))).toBe(false);
    expect(await sessions().end(accountId, '}:account')).toBe(false);
    expect(await sessions().end(accountId, other.id)).toBe(true);
    expect((await sessions().of(accountId)).map(({ id }) => id)).toEqual([first[0]?.id]);
    expect([await stepAt(phone), await myAppsAt(phone)]).toEqual(['login', 'login']);
    expect([await stepAt(desk), await myAppsAt(desk)]).toEqual(['consent', 'shown']);
    expect([await isActive(gone.access_token), await isActive(kept.access_token)]).toEqual([false, true]);
    expect((await refresh(issuer(), gone.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('[A092] all at once; signing in again takes the session of before off the list', async () => {
    const browsers = [new CookieBrowser(), new CookieBrowser()];
    const accountId = await idOf('dora');
    for (const browser of browsers) await signInAs(browser, 'dora');
    expect(await sessions().of(accountId)).toHaveLength(2);
    await signInAs(browsers[0]!, 'amy');
    expect(await sessions().of(accountId)).toHaveLength(2);
    expect(await sessions().endAll(accountId)).toBe(2);
    expect(await sessions().of(accountId)).toEqual([]);
    for (const browser of browsers) expect(await myAppsAt(browser)).toBe('login');
  });

  async function signInAs(browser: CookieBrowser, username: string): Promise<void> {
    await browser.post(`${issuer()}/apps`, { step: 'sign-in', username, password: PASSWORD });
  }
});

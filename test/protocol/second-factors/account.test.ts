import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { hashPassword } from '../../../src/identity/index.ts';
import { createAccountStore, createFactorStore } from '../../../src/store/index.ts';
import { Authenticator } from '../../support/authenticator.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { textOf } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { codeOf, giveTotp, idOf, passkeyOptions, takeFactors } from '../../support/second-factors.ts';
import { gatehouseOn } from '../../support/suite.ts';

const NEW = 'seven purple tractors sing quietly';

describe.each(DRIVERS)('the account page, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP],
    signIn: { mfa: { practitioner: 'required' } },
  }));
  const at = (path = ''): string => `${suite.server.issuer}/account${path}`;
  let passwordHash: string;
  let now = Date.now();
  beforeEach(async () => {
    passwordHash ??= await hashPassword(PASSWORD);
    for (const name of ['amy', 'dora']) {
      await takeFactors(suite.server.vault, name);
      const accounts = createAccountStore(suite.server.vault);
      await accounts.change(await idOf(suite.server.vault, name), (one) => ({ ...one, passwordHash }));
    }
    now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const read = async (answer: Response): Promise<string> =>
    answer.status === 303 ? `303 ${answer.headers.get('location')}` : answer.text();
  const look = async (browser: CookieBrowser, path = '') => read(await browser.get(at(path)));
  const stepOf = (html: string): string => formFields(html)['step']?.[0] ?? html;
  async function signedIn(username = 'amy', password = PASSWORD, path = ''): Promise<CookieBrowser> {
    const browser = new CookieBrowser();
    await browser.post(at(path), { step: 'sign-in', username, password });
    return browser;
  }
  /** Posts the form of that page with this in it. */
  async function send(browser: CookieBrowser, path: string, more: Record<string, string>): Promise<string> {
    const { _csrf = [], step = [] } = formFields(await look(browser, path));
    const form = { _csrf: _csrf[0] ?? '', step: step[0] ?? '', ...more };
    return read(await browser.post(at(path), form));
  }
  const factorsOf = async (username: string) =>
    createFactorStore(suite.server.vault).read(await idOf(suite.server.vault, username));

  test('is for who is signed in, with all they need', async () => {
    const browser = new CookieBrowser();
    for (const path of ['', '/password', '/app', '/passkey', '/codes'])
      expect(stepOf(await look(browser, path))).toBe('sign-in');
    await giveTotp(suite.server.vault, 'amy');
    expect(stepOf(await look(await signedIn()))).toBe('second');
    expect(await look(await signedIn('dora'))).toContain('Set up an app for codes');
  });

  test('[A092] a change asks for a recent sign-in; what only ends something does not', async () => {
    const browser = await signedIn();
    expect(stepOf(await look(browser, '/password'))).toBe('password');
    const page = await look(browser, '/password');
    now += 301_000;
    expect(stepOf(await look(browser))).toBe('account');
    for (const path of ['/password', '/app', '/passkey', '/codes'])
      expect(stepOf(await look(browser, path))).toBe('sign-in');
    const late = { ...formFields(page), password: NEW, again: NEW };
    expect(await read(await browser.post(at('/password'), late))).toContain('name="username"');
    expect(stepOf(await send(browser, '', { remove: 'app' }))).toBe('sign-in');
    const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
    expect(await read(await browser.post(at('/password'), form))).toBe('303 /account/password');
    expect(stepOf(await look(browser, '/password'))).toBe('password');
  });

  test('[A080] [audited] another password: within the rules, twice the same; other browsers are signed out', async () => {
    const [browser, other] = [await signedIn(), await signedIn()];
    const change = (password: string, again = password) => send(browser, '/password', { password, again });
    expect(textOf(await change('short'))).toContain('That is too short. Use 15 characters or more.');
    expect(textOf(await change('amy shaw amy shaw'))).toContain('That is easy to guess');
    const refused = suite.server.audit.findLast(({ type }) => type === 'account.changed');
    expect(refused).toMatchObject({ change: 'password', outcome: 'refused', accountId: expect.any(String) });
    expect(JSON.stringify(suite.server.audit)).not.toContain('amy shaw amy');
    expect(textOf(await change(NEW, `${NEW}!`))).toContain('The two passwords are not the same.');
    expect(textOf(await look(browser, '/password'))).toContain('Use 15 characters or more.');
    expect(await change(NEW)).toBe('303 /account?done=password');
    expect(stepOf(await look(browser))).toBe('account');
    expect(stepOf(await look(other))).toBe('sign-in');
    expect(stepOf(await look(await signedIn('amy', NEW)))).toBe('account');
    expect(stepOf(await look(await signedIn()))).toBe('sign-in');
    const last = suite.server.audit.findLast(({ type }) => type === 'account.changed');
    expect(last).toMatchObject({ change: 'password', outcome: 'success' });
  });

  test('an app for codes: set up with printed codes, then asked for, then removed with them', async () => {
    const browser = await signedIn();
    const [, shown = ''] = /class="reference">([A-Z2-7 ]+)</.exec(await look(browser, '/app')) ?? [];
    const code = codeOf(shown.replaceAll(' ', ''));
    expect(await send(browser, '/app', { code })).toContain('<ul class="codes">');
    expect(await look(browser)).toContain('10 codes are left.');
    expect(stepOf(await look(await signedIn()))).toBe('second');
    expect(await send(browser, '/codes', {})).toContain('<ul class="codes">');
    expect(await send(browser, '', { remove: 'app' })).toBe('303 /account?done=removed');
    expect(await factorsOf('amy')).toEqual({ passkeys: [], recoveryCodes: undefined });
    expect(stepOf(await look(await signedIn()))).toBe('account');
  });

  test('a passkey: added under a name, shown with when it was used, removed', async () => {
    const browser = await signedIn();
    const device = new Authenticator(suite.server.issuer);
    const passkey = JSON.stringify(device.create(passkeyOptions(await look(browser, '/passkey'))));
    const { _csrf = [] } = formFields(await look(browser));
    const form = { _csrf: _csrf[0] ?? '', step: 'enrol', name: 'My phone', passkey };
    expect(await read(await browser.post(at('/passkey'), form))).toContain('<ul class="codes">');
    const second = await look(browser);
    expect(second).toContain('data-passkey="get"');
    const answer = JSON.stringify(device.get(passkeyOptions(second)));
    const fields = { ...formFields(second), passkey: answer };
    expect(await read(await browser.post(at(), fields))).toBe('303 /account');
    const page = textOf(await look(browser));
    expect(page).toMatch(/My phone Set up on \d+ \w+ \d{4} Last used on/);
    expect(await send(browser, '', { remove: `passkey ${device.id}` })).toBe('303 /account?done=removed');
    expect((await factorsOf('amy')).passkeys).toEqual([]);
  });

  test('who must have a second factor keeps the last one', async () => {
    await giveTotp(suite.server.vault, 'dora');
    const browser = await signedIn('dora');
    expect(await send(browser, '', { code: codeOf() })).toBe('303 /account');
    expect(textOf(await send(browser, '', { remove: 'app' }))).toContain('You need a second factor');
    expect((await factorsOf('dora')).totp).toBeDefined();
  });

  test('sessions: named, ended one by one or all at once', async () => {
    const browsers = await Promise.all([signedIn(), signedIn(), signedIn()]);
    const [browser, second, third] = browsers;
    const said = await send(browser, '', { everywhere: 'yes' });
    expect(textOf(said)).toContain('You are signed out in every browser, also in this one.');
    for (const one of browsers) expect(stepOf(await look(one))).toBe('sign-in');
    const [mine, other] = [await signedIn(), await signedIn()];
    const html = await look(mine);
    expect(html).toContain('(this browser)');
    const refs = [...html.matchAll(/name="session" value="([^"]+)"/g)].map(([, ref]) => ref ?? '');
    expect(refs).toHaveLength(1);
    expect(await send(mine, '', { session: refs[0] ?? '' })).toBe('303 /account?done=signed-out');
    expect([stepOf(await look(mine)), stepOf(await look(other))]).toEqual(['account', 'sign-in']);
    expect(suite.server.audit.findLast(({ type }) => type === 'sign-out')).toMatchObject({
      outcome: 'success',
    });
    expect([second, third]).toHaveLength(2);
  });

  test('[A067] a form of another session, page or site changes nothing', async () => {
    const [browser, other] = [await signedIn(), await signedIn()];
    const { _csrf = [] } = formFields(await look(other, '/password'));
    const foreign = { _csrf: _csrf[0] ?? '', step: 'password', password: NEW, again: NEW };
    expect(await read(await browser.post(at('/password'), foreign))).toContain('open for too long');
    const own = formFields(await look(browser));
    const wrongPage = { ...own, password: NEW, again: NEW };
    expect(await read(await browser.post(at('/password'), wrongPage))).toContain('open for too long');
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const form = { ...formFields(await look(browser, '/password')), password: NEW, again: NEW };
    expect((await browser.post(at('/password'), form, elsewhere)).status).toBe(403);
    expect(stepOf(await look(await signedIn()))).toBe('account');
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';

import { ACR_VALUES, issueRecoveryCodes } from '../../../src/identity/index.ts';
import { createAccountStore, createFactorStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, openScreen, submit, textOf, type Screen } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { claimsOf, codeOf, giveTotp, idOf, stepAt, takeFactors } from '../../support/second-factors.ts';
import { gatehouseOn } from '../../support/suite.ts';

const [SFA, MFA, PHR] = ACR_VALUES;
const STRICT_APP = { ...PUBLIC_APP, client_id: 'strict-app', require_mfa: true };

describe.each(DRIVERS)('a second factor on the way to an app, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP, STRICT_APP] }));
  const issuer = (): string => suite.server.issuer;
  beforeEach(async () => {
    await giveTotp(suite.server.vault, 'amy');
    await takeFactors(suite.server.vault, 'ben');
  });

  const codesOf = async (username: string): Promise<readonly string[]> => {
    const { vault } = suite.server;
    const parts = {
      factors: createFactorStore(vault),
      hash: (kind: string, text: string) => vault.keys.keyedHash(kind, text),
    };
    return issueRecoveryCodes(parts, await idOf(vault, username));
  };
  const tries = async (screen: Screen, code: string, way = 'totp'): Promise<string> => {
    const fields = { ...screen.fields, way: [way] };
    const { response, html } = await submit(issuer(), { ...screen, fields }, { code: () => code });
    const step = formFields(html)['step']?.[0] ?? '';
    return `${response.status} ${step}${/That code [^.]+/.exec(textOf(html))?.[0] ?? ''}`;
  };
  const secondScreen = (options = {}) => openScreen(issuer(), 'second', options);

  test('[A076] who has one is asked, and the app is told what was shown', async () => {
    const before = Math.floor(Date.now() / 1000);
    const claims = await claimsOf(issuer(), await authorize(issuer(), { code: codeOf }));
    expect(claims).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'] });
    expect(claims['auth_time']).toBeGreaterThanOrEqual(before);
    const seen = suite.server.audit.filter(({ type }) => type === 'sign-in').slice(-2);
    expect(seen).toMatchObject([{ outcome: 'success' }, { outcome: 'success', method: 'totp' }]);
  });

  test('who has none signs in with a password, and the app is told that', async () => {
    const claims = await claimsOf(issuer(), await authorize(issuer(), { username: 'ben' }));
    expect(claims).toMatchObject({ acr: SFA, amr: ['pwd'] });
  });

  test('[A076] [audited] a code is good once, also in another browser', async () => {
    const code = codeOf();
    await authorize(issuer(), { code: () => code });
    expect(await tries(await secondScreen(), code)).toBe('422 secondThat code was used before');
    expect(suite.server.audit.findLast(({ type }) => type === 'sign-in')).toMatchObject({
      ...{ outcome: 'refused', method: 'totp', accountId: expect.any(String), reason: expect.any(String) },
    });
    expect(JSON.stringify(suite.server.audit)).not.toContain(`"${code}"`);
    expect(await tries(await secondScreen(), codeOf(undefined, 120))).toBe(
      '422 secondThat code is not right',
    );
  });

  test('[A076] of two that come with one code at the same time, one goes on', async () => {
    const code = codeOf();
    const screens = await Promise.all([secondScreen(), secondScreen()]);
    const told = await Promise.all(screens.map((screen) => tries(screen, code)));
    expect(told.toSorted()).toEqual(['200 consent', '422 secondThat code was used before']);
  });

  test('a printed code in its place, once', async () => {
    const [code = ''] = await codesOf('amy');
    expect(await tries(await secondScreen(), code, 'recovery-code')).toBe('200 consent');
    expect(await tries(await secondScreen(), code, 'recovery-code')).toMatch(
      '422 secondThat code is not right',
    );
  });

  test('other ways are a link away, without JavaScript', async () => {
    await codesOf('amy');
    const { html, browser, url } = await secondScreen();
    const href = /href="([^"]+\?way=recovery-code)"/.exec(html)?.[1] ?? '';
    const page = await (await browser.get(new URL(href, url).href)).text();
    expect(page).toContain('name="way" value="recovery-code"');
    expect(page).toContain('?way=totp');
  });

  test('a factor that a person does not have is not one they can be asked for', async () => {
    const { html, browser, url } = await secondScreen();
    expect(html).not.toContain('?way=');
    expect(await (await browser.get(`${url}?way=recovery-code`)).text()).toContain('name="way" value="totp"');
    expect(await tries(await secondScreen(), '', 'recovery-code')).toMatch('422');
  });

  test('[A067] nobody skips it, whatever the form says; and a password alone signs in nobody', async () => {
    const screen = await secondScreen();
    for (const step of ['consent', 'login', 'enrol', 'agreed']) {
      const fields = { ...screen.fields, step: [step], scope: ['openid'] };
      const { html } = await submit(issuer(), { ...screen, fields });
      expect(formFields(html)['step']).toEqual(['second']);
    }
    expect(await stepAt(issuer(), screen.browser)).toBe('login');
  });

  test('who gives up before it is nobody: their history says nothing', async () => {
    const screen = await secondScreen();
    const fields = { ...screen.fields, cancel: ['yes'] };
    const { callback } = await submit(issuer(), { ...screen, fields });
    expect(callback?.searchParams.get('error')).toBe('access_denied');
    const last = suite.server.audit.findLast(({ type }) => type === 'consent');
    expect(last).toMatchObject({ outcome: 'denied' });
    expect(last).not.toHaveProperty('accountId');
  });

  test('[A076] who guesses has to wait, and the right code is not used up meanwhile', async () => {
    const screen = await secondScreen({ username: 'amy' });
    for (let guess = 0; guess < 10; guess += 1) await tries(screen, '000000');
    const code = codeOf();
    const late = await submit(issuer(), screen, { code: () => code });
    expect(late.response.status).toBe(429);
    expect(Number(late.response.headers.get('retry-after'))).toBeGreaterThan(0);
    const { totp } = await createFactorStore(suite.server.vault).read(await idOf(suite.server.vault, 'amy'));
    expect(totp?.lastStep).toBe(0);
  });
});

describe.each(DRIVERS)('an earlier sign-in with one factor, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP, STRICT_APP] }));
  const issuer = (): string => suite.server.issuer;
  beforeEach(() => takeFactors(suite.server.vault, 'amy'));

  test('is not enough for an app that wants more: the second is asked for, and the session remembers it', async () => {
    const browser = new CookieBrowser();
    const first = await claimsOf(issuer(), await authorize(issuer(), { browser }));
    await giveTotp(suite.server.vault, 'amy');
    const strict = { browser, clientId: 'strict-app' };
    expect(await stepAt(issuer(), browser, strict)).toBe('second');
    const second = await claimsOf(issuer(), await authorize(issuer(), { ...strict, code: codeOf }), {
      client_id: 'strict-app',
    });
    expect(second).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'], auth_time: first['auth_time'] });
    expect(await stepAt(issuer(), browser, strict)).toBe('consent');
  });

  test('who set up a factor elsewhere is asked for it, too', async () => {
    const browser = new CookieBrowser();
    await authorize(issuer(), { browser });
    await giveTotp(suite.server.vault, 'amy');
    expect(await stepAt(issuer(), browser)).toBe('second');
  });

  test('prompt=login and max_age ask for all of it again', async () => {
    await giveTotp(suite.server.vault, 'amy');
    const browser = new CookieBrowser();
    await authorize(issuer(), { browser, code: codeOf });
    for (const params of [{ prompt: 'login' }, { max_age: '0' }]) {
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await giveTotp(suite.server.vault, 'amy');
      const screen = await openScreen(issuer(), 'second', { browser, params });
      expect(screen.status).toBe(200);
    }
  });

  test('acr_values: who can, shows it; the app is told what it asked for; who cannot, goes on without', async () => {
    const asked = async (acr_values: string, options = {}) =>
      claimsOf(issuer(), await authorize(issuer(), { params: { acr_values }, ...options }));
    expect(await asked(PHR)).toMatchObject({ acr: SFA });
    expect(await asked('urn:example:none')).toMatchObject({ acr: SFA });
    await giveTotp(suite.server.vault, 'amy');
    expect(await asked(`${PHR} ${SFA}`, { code: codeOf })).toMatchObject({ acr: SFA });
    await giveTotp(suite.server.vault, 'amy');
    expect(await asked(`${MFA} ${SFA}`, { code: codeOf })).toMatchObject({ acr: MFA });
  });

  test('[A092] who is disabled between the two factors goes no further', async () => {
    await giveTotp(suite.server.vault, 'ben');
    const screen = await openScreen(issuer(), 'second', { username: 'ben' });
    const accounts = createAccountStore(suite.server.vault);
    const id = await idOf(suite.server.vault, 'ben');
    await accounts.change(id, (account) => ({ ...account, disabled: true }));
    const { html } = await submit(issuer(), screen, { code: codeOf });
    expect(formFields(html)['step']).toEqual(['login']);
    await accounts.change(id, (account) => ({ ...account, disabled: false }));
  });
});

describe.each(DRIVERS)('who must have a second factor and has none, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, STRICT_APP],
    signIn: { mfa: { patient: 'required', practitioner: 'off' } },
  }));
  const issuer = (): string => suite.server.issuer;
  beforeEach(async () => {
    for (const name of ['amy', 'dora']) await takeFactors(suite.server.vault, name);
  });

  test('sets one up while signing in, gets printed codes, and goes on to the app', async () => {
    const browser = new CookieBrowser();
    const screen = await openScreen(issuer(), 'enrol', { browser });
    expect(screen.html).toMatch(/<svg class="qr"/);
    const secret = /class="reference">([A-Z2-7 ]+)</.exec(screen.html)?.[1]?.replaceAll(' ', '') ?? '';
    const wrong = await submit(issuer(), { ...screen, fields: { ...screen.fields, code: ['12'] } });
    expect([wrong.response.status, wrong.html.includes(secret.slice(0, 4))]).toEqual([422, true]);
    const fields = { ...screen.fields, code: [codeOf(secret)] };
    const { html } = await submit(issuer(), { ...screen, fields });
    const codes = [...html.matchAll(/<li class="reference">([0-9a-z-]{14})</g)].map(([, code]) => code);
    expect(codes).toHaveLength(10);
    expect(suite.server.audit.slice(-2)).toMatchObject([
      { type: 'account.changed', change: 'factors', what: 'totp' },
      { type: 'account.changed', change: 'factors', what: 'recovery-codes' },
    ]);
    const next = await browser.get(screen.url);
    expect(formFields(await next.text())['step']).toEqual(['consent']);
    // Another browser is asked for what was set up, and a printed code is good there.
    const other = await openScreen(issuer(), 'second');
    const used = { ...other.fields, way: ['recovery-code'] };
    const { html: on } = await submit(issuer(), { ...other, fields: used }, { code: () => codes[0] ?? '' });
    expect(formFields(on)['step']).toEqual(['consent']);
  });

  test('of a role where it is off nobody is asked, except where the app insists', async () => {
    await giveTotp(suite.server.vault, 'dora');
    const screen = { username: 'dora', scope: 'openid user/Patient.rs' };
    expect((await openScreen(issuer(), 'consent', screen)).status).toBe(200);
    const strict = { ...screen, clientId: 'strict-app' };
    expect((await openScreen(issuer(), 'second', strict)).status).toBe(200);
    await takeFactors(suite.server.vault, 'dora');
    expect((await openScreen(issuer(), 'enrol', strict)).status).toBe(200);
  });
});

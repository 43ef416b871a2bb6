import { beforeEach, describe, expect, test } from '@jest/globals';

import { ACR_VALUES } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { Authenticator, type AuthenticatorQuirks } from '../../support/authenticator.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, openScreen, submit, textOf, type Screen } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { claimsOf, idOf, passkeyOptions, stepAt, takeFactors } from '../../support/second-factors.ts';
import { gatehouseOn } from '../../support/suite.ts';

const [, , PHR] = ACR_VALUES;

describe.each(DRIVERS)('passkeys, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP],
    signIn: { mfa: { patient: 'required' } },
  }));
  const issuer = (): string => suite.server.issuer;
  let device: Authenticator;

  const screenAt = async (screen: Screen, way: string): Promise<Screen> => {
    const html = await (await screen.browser.get(`${screen.url}${way}`)).text();
    return { ...screen, html, fields: formFields(html) };
  };
  const send = async (screen: Screen, message: unknown): Promise<string> => {
    const fields = { ...screen.fields, passkey: [JSON.stringify(message)], name: ['Phone'] };
    const { html, response } = await submit(issuer(), { ...screen, fields });
    const refused = /We do not know this passkey|was not added/.exec(textOf(html))?.[0];
    const second = /This passkey is only a second step/.exec(textOf(html))?.[0];
    return `${response.status} ${refused ?? second ?? formFields(html)['step']?.[0] ?? textOf(html)}`;
  };
  const shown = (screen: Screen, quirks: AuthenticatorQuirks = {}) =>
    device.get(passkeyOptions(screen.html), quirks);

  /** Amy makes a passkey while she signs in, and has to show it before she goes on. */
  beforeEach(async () => {
    await takeFactors(suite.server.vault, 'amy');
    device = new Authenticator(issuer());
    const screen = await screenAt(await openScreen(issuer(), 'enrol'), '?way=passkey');
    expect(await send(screen, device.create(passkeyOptions(screen.html)))).toMatch(
      /^200 .*Your printed codes/,
    );
    expect(await stepAt(issuer(), screen.browser)).toBe('login');
  });

  test('[A077] beside a password: asked for first, and the app is told', async () => {
    const screen = await openScreen(issuer(), 'second');
    expect(screen.html).toContain('data-passkey="get"');
    expect(await send(screen, shown(screen))).toBe('200 consent');
    expect(await send(screen, shown(screen))).toMatch(/^200 consent/);
    const passkey = (html: string) => device.get(passkeyOptions(html));
    const claims = await claimsOf(issuer(), await authorize(issuer(), { passkey }));
    expect(claims).toMatchObject({ acr: PHR, amr: ['pwd', 'swk', 'user', 'mfa'] });
  });

  test('an app that asks for a passkey and takes nothing else: who has none here reads what they can do', async () => {
    const phr = { params: { acr_values: PHR } };
    const { html } = await openScreen(issuer(), 'second', phr);
    expect(textOf(html)).toContain('This app asks for a passkey. Nothing else will do for it.');
    expect(textOf(html)).toContain('Go back to the app and open it there.');
    expect(textOf(html)).toContain('add a passkey for this device');
    expect(html).toContain('href="/account"');
    expect(html).not.toContain('Other ways');
    // Where something else will do, that is offered, and at our own pages nobody is sent to where they are.
    const other = await openScreen(issuer(), 'second');
    expect([other.html.includes('href="/account"'), other.html.includes('Other ways')]).toEqual([
      false,
      true,
    ]);
    const browser = new CookieBrowser();
    await browser.post(`${issuer()}/account`, { step: 'sign-in', username: 'amy', password: PASSWORD });
    const own = await (await browser.get(`${issuer()}/account`)).text();
    expect([own.includes('data-passkey="get"'), own.includes('asks for a passkey')]).toEqual([true, false]);
  });

  test('alone, from the sign-in page: no user name, no password', async () => {
    const login = await openScreen(issuer(), 'login');
    expect(login.html).toContain('?way=passkey');
    const screen = await screenAt(login, '?way=passkey');
    expect(screen.html).toContain('Passkeys do not work here');
    expect(await send(screen, shown(screen))).toBe('200 consent');
    const entry = suite.server.audit.findLast(({ type }) => type === 'sign-in');
    expect(entry).toMatchObject({ outcome: 'success', method: 'synced-passkey' });
  });

  test('alone, in front of /apps', async () => {
    const browser = new CookieBrowser();
    const url = `${issuer()}/apps`;
    const html = await (await browser.get(`${url}?way=passkey`)).text();
    const passkey = JSON.stringify(device.get(passkeyOptions(html)));
    expect((await browser.post(url, { ...formFields(html), passkey })).status).toBe(303);
    expect(await (await browser.get(url)).text()).toContain('Signed in as');
    const claims = await claimsOf(issuer(), await authorize(issuer(), { browser }));
    expect(claims).toMatchObject({ acr: PHR, amr: ['swk', 'user', 'mfa'] });
    const other = new CookieBrowser();
    expect((await other.post(url, { ...formFields(html), passkey })).status).toBe(422);
  });

  test.each<[string, AuthenticatorQuirks]>([
    ['of a false page', { origin: 'https://gatehouse.example.evil' }],
    ['for another site', { rpId: 'evil.example' }],
    ['without its owner', { isVerified: false }],
    ['in a frame of another site', { crossOrigin: true }],
    ['for another challenge', { challenge: 'bm90IGl0' }],
    ['that names somebody else', { userHandle: 'dS1ub2JvZHk' }],
  ])('[A077] [audited] one %s lets nobody in', async (_what, quirks) => {
    const second = await openScreen(issuer(), 'second');
    expect(await send(second, shown(second, quirks))).toBe('422 We do not know this passkey');
    const alone = await screenAt(await openScreen(issuer(), 'login'), '?way=passkey');
    const before = suite.server.audit.length;
    expect(await send(alone, shown(alone, quirks))).toBe('422 We do not know this passkey');
    const said = suite.server.audit.slice(before);
    expect(said).toEqual([expect.objectContaining({ type: 'sign-in', outcome: 'refused' })]);
    expect(said[0]).toMatchObject({ reason: expect.stringMatching(/./), clientId: 'public-app' });
  });

  test('[A077] an answer is good once, and in the browser that was asked', async () => {
    const [screen, other] = [await openScreen(issuer(), 'second'), await openScreen(issuer(), 'second')];
    const answer = shown(screen);
    expect(await send(other, answer)).toBe('422 We do not know this passkey');
    const told = await Promise.all([send(screen, answer), send(screen, answer)]);
    expect(told.filter((one) => one === '200 consent').length).toBeGreaterThan(0);
    expect(await send(screen, 'no passkey')).toBe('200 consent');
  });

  test('[A092] of who is disabled is refused, in the same words', async () => {
    const accounts = createAccountStore(suite.server.vault);
    const id = await idOf(suite.server.vault, 'amy');
    await accounts.change(id, (account) => ({ ...account, disabled: true }));
    const screen = await screenAt(await openScreen(issuer(), 'login'), '?way=passkey');
    expect(await send(screen, shown(screen))).toBe('422 We do not know this passkey');
    await accounts.change(id, (account) => ({ ...account, disabled: false }));
  });

  test('[A077] [A092] alone, of who has no password here, is refused: only their provider signs them in', async () => {
    const accounts = createAccountStore(suite.server.vault);
    const id = await idOf(suite.server.vault, 'amy');
    const before = await accounts.find(id);
    await accounts.change(id, ({ passwordHash: _gone, ...account }) => account);
    const screen = await screenAt(await openScreen(issuer(), 'login'), '?way=passkey');
    expect(await send(screen, shown(screen))).toMatch(/^422 .*This passkey is only a second step/);
    expect(suite.server.audit.findLast(({ type }) => type === 'sign-in')).toMatchObject({
      ...{ outcome: 'refused', reason: 'second-step-only', accountId: id },
    });
    await accounts.save(before!);
  });

  test('the script is served under a name made from its content, for good', async () => {
    const { html } = await screenAt(await openScreen(issuer(), 'login'), '?way=passkey');
    const [, src = ''] = /<script src="([^"]+)"/.exec(html) ?? [];
    const answer = await fetch(issuer() + src);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      ...[200, 'text/javascript; charset=utf-8'],
    ]);
    expect(answer.headers.get('cache-control')).toContain('immutable');
  });
});

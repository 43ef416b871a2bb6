import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { hashPassword, staffResetCode } from '../../../src/identity/index.ts';
import { systemClock } from '../../../src/oauth/index.ts';
import { createAccountStore, createOneTimeCodeStore } from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { openScreen, submit, textOf } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { idOf, stepAt, takeFactors } from '../../support/second-factors.ts';
import { startSmtp, type SmtpReceiver } from '../../support/smtp.ts';
import { gatehouseOn } from '../../support/suite.ts';

const NEW = 'seven purple tractors sing quietly';
const AMY = 'amy@riverside.example';

describe.each(DRIVERS)('codes by mail, on %s', (driver) => {
  let smtp: SmtpReceiver;
  const suite = gatehouseOn(driver, async () => {
    smtp = await startSmtp();
    return {
      clients: [{ ...PUBLIC_APP, require_mfa: true }],
      signIn: { mailedCodes: true },
      mail: { host: 'localhost', port: smtp.port, security: 'none', from: 'gate@riverside.example' },
    };
  });
  let passwordHash: string;
  beforeAll(async () => {
    passwordHash = await hashPassword(PASSWORD);
  });
  afterAll(() => smtp.close());
  beforeEach(async () => {
    smtp.received.length = 0;
    const { vault } = suite.server;
    await takeFactors(vault, 'amy');
    await createAccountStore(vault).change(await idOf(vault, 'amy'), (account) => ({
      ...{ ...account, passwordHash, email: AMY, emailVerified: true },
    }));
  });

  const at = (path: string): string => `${suite.server.issuer}${path}`;
  /** The code of the next mail to that address. */
  async function mailed(to = AMY): Promise<string> {
    const mine = () =>
      smtp.received.findLast((mail) => mail.to.includes(to) && /\d{4} \d{4}/.test(mail.text));
    await until(() => mine() !== undefined, 'a code came by mail');
    const [code = ''] = /\d{4} \d{4}/.exec(mine()?.text ?? '') ?? [];
    smtp.received.length = 0;
    return code;
  }
  const read = async (answer: Response): Promise<string> =>
    answer.status === 303
      ? `303 ${answer.headers.get('location')}`
      : `${answer.status} ${await answer.text()}`;
  const post = async (path: string, form: Record<string, string>, browser = new CookieBrowser()) =>
    read(await browser.post(at(path), form));

  /** A page without what was typed, and without its own reference. */
  const withoutEcho = (page: string, username: string): string =>
    page.replace(`value="${username}"`, '').replace(/[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}/g, '');

  test('one counts as a second factor, once, in the browser that asked for it', async () => {
    const [screen, other] = [
      await openScreen(suite.server.issuer, 'second'),
      await openScreen(suite.server.issuer, 'second'),
    ];
    expect(textOf(screen.html)).toMatch(/We send a code to a•••@/);
    expect(screen.html).not.toContain('name="code"');
    const { html } = await submit(suite.server.issuer, {
      ...screen,
      fields: { ...screen.fields, send: ['yes'] },
    });
    expect(textOf(html)).toContain('A code is on its way');
    expect(html).toContain('name="code"');
    expect(html).not.toContain(AMY);
    const code = await mailed();
    const elsewhere = await submit(suite.server.issuer, other, { code: () => code });
    expect(elsewhere.response.status).toBe(422);
    const here = await submit(suite.server.issuer, screen, { code: () => code });
    expect(formFields(here.html)['step']).toEqual(['consent']);
    const last = suite.server.audit.findLast(({ type }) => type === 'sign-in');
    expect(last).toMatchObject({ method: 'mailed-code', outcome: 'success' });
  });

  test('an address that is not known to be theirs gets none: another factor is set up', async () => {
    const { vault } = suite.server;
    const id = await idOf(vault, 'amy');
    await createAccountStore(vault).change(id, (account) => ({ ...account, emailVerified: false }));
    expect(await stepAt(suite.server.issuer, new CookieBrowser())).toBe('login');
    expect((await openScreen(suite.server.issuer, 'enrol')).status).toBe(200);
  });

  test('[A075] a forgotten password: whoever is named, every answer is the same', async () => {
    const told = new Set<string>();
    const wrong = new Set<string>();
    for (const username of ['amy', 'nobody-of-this-name', 'ben', '']) {
      const asked = await post('/account/forgotten', { username });
      expect(asked).toContain(`name="username" type="text" value="${username}"`);
      told.add(withoutEcho(asked, username));
      const form = { username, code: '0000 0000', password: NEW, again: NEW };
      const page = await post('/account/forgotten/code', form);
      wrong.add(withoutEcho(page, username));
    }
    // Only who is there was written to.
    await mailed();
    expect([told.size, wrong.size]).toEqual([1, 1]);
    expect([...told][0]).toMatch(/^200 .*Look in your mailbox/s);
    expect([...wrong][0]).toContain('The user name or the code is not right.');
  });

  test('[A075] with the code comes another password, once; every browser is signed out, and the owner is told', async () => {
    const browser = new CookieBrowser();
    await post('/apps', { step: 'sign-in', username: 'amy', password: PASSWORD }, browser);
    await post('/account/forgotten', { username: 'AMY' });
    const code = await mailed();
    const form = { username: 'amy', code, password: 'short', again: 'short' };
    expect(await post('/account/forgotten/code', form)).toContain('That is too short.');
    const good = { ...form, password: NEW, again: NEW };
    expect(await post('/account/forgotten/code', good)).toBe('303 /account/forgotten/done');
    expect(await post('/account/forgotten/code', good)).toContain('The user name or the code is not right.');
    expect(await read(await browser.get(at('/apps')))).toContain('name="password"');
    expect(await post('/apps', { step: 'sign-in', username: 'amy', password: NEW })).toBe('303 /apps');
    await until(() => smtp.received.some(({ text }) => text.includes('was changed')), 'the owner was told');
  });

  test('who was on the way to an app goes on there with another password, in the language of before', async () => {
    const { issuer } = suite.server;
    const screen = await openScreen(issuer, 'login', { params: { ui_locales: 'es' } });
    const found = (page: string, pattern: RegExp): string =>
      pattern.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const action = /action="([^"]+)"/;
    const link = found(screen.html, /href="([^"]*forgotten[^"]*)"/);
    expect(link).toMatch(/^\/account\/forgotten\?resume=[\w-]+&ui_locales=es$/);
    const { browser } = screen;
    const page = await read(await browser.get(at(link)));
    expect(page).toContain('<html lang="es"');
    const asked = await post(found(page, action), { username: 'amy' }, browser);
    const form = { username: 'amy', code: await mailed(), password: NEW, again: NEW };
    const done = await post(found(asked, action), form, browser);
    expect(done).toContain('303 /account/forgotten/done?resume=');
    const after = await read(await browser.get(at(done.slice(4))));
    expect(after).toContain('<html lang="es"');
    const again = await browser.get(at(found(after, /class="button" href="([^"]+)"/)));
    const fields = formFields(await again.text());
    const here = await submit(issuer, { ...screen, fields }, { username: 'amy', password: NEW });
    expect(formFields(here.html)['step']).not.toEqual(['login']);
  });

  test.each(['../../evil', '//evil.example', 'javascript:alert(1)', 'x'.repeat(65)])(
    'what is no sign-in of ours leads nowhere: %s',
    async (resume) => {
      const page = await read(await fetch(at(`/account/forgotten?${new URLSearchParams({ resume })}`)));
      expect(page).toContain('action="/account/forgotten"');
    },
  );

  test('[A076] who guesses at a code has to wait', async () => {
    const form = { username: 'dora', code: '0000 0000', password: NEW, again: NEW };
    for (let guess = 0; guess < 10; guess += 1) await post('/account/forgotten/code', form);
    const answer = await new CookieBrowser().post(at('/account/forgotten/code'), form);
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });

  test('a code from staff is good at the same page', async () => {
    const { vault } = suite.server;
    const hash = (kind: string, text: string): string => vault.keys.keyedHash(kind, text);
    const parts = { codes: createOneTimeCodeStore(vault), hash, clock: systemClock };
    const code = await staffResetCode(parts, { username: 'amy' });
    const form = { username: 'amy', code, password: NEW, again: NEW };
    expect(await post('/account/forgotten/code', form)).toBe('303 /account/forgotten/done');
  });

  test('an address is theirs once they typed the code that was sent there; the one before is told', async () => {
    const browser = new CookieBrowser();
    await post('/account', { step: 'sign-in', username: 'amy', password: PASSWORD }, browser);
    const fields = async () => formFields(await (await browser.get(at('/account/email'))).text());
    const send = async (more: Record<string, string>) =>
      post('/account/email', { ...((await fields()) as Record<string, never>), ...more }, browser);
    expect(await send({ address: 'no address' })).toContain('That is not a mail address.');
    expect(await send({ address: 'new@riverside.example' })).toContain('A code is on its way to');
    const code = await mailed('new@riverside.example');
    expect(await send({ address: 'other@riverside.example', code })).toContain('too old');
    expect(await send({ address: 'new@riverside.example', code })).toBe('303 /account?done=email');
    const account = await createAccountStore(suite.server.vault).findByUsername('amy');
    expect(account).toMatchObject({ email: 'new@riverside.example', emailVerified: true });
    await until(() => smtp.received.some(({ to }) => to.includes(AMY)), 'the old address was told');
  });

  test('[A074] who asks for codes without end has to wait, whoever they are for', async () => {
    let last = '';
    for (let ask = 0; ask < 21 && last !== '429'; ask += 1)
      last = (await post('/account/forgotten', { username: `nobody-${ask}` })).slice(0, 3);
    expect(last).toBe('429');
  });
});

describe('without mail', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP] }));
  test('staff gives codes, and no address is asked for', async () => {
    const page = await (await fetch(`${suite.server.issuer}/account/forgotten`)).text();
    expect(page).toContain('Ask the people who gave you your account.');
    expect(page).not.toContain('name="username"');
  });
});

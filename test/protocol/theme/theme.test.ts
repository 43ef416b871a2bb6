import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP } from '../../support/clients.ts';
import { openScreen } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>';

describe('an organisation’s own look', () => {
  let store: TestStore;
  let server: TestServer;
  let directory: string;
  const put = async (name: string, text: string): Promise<void> => {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'gatehouse-theme-'));
    await put('theme.css', ':root { --brand: #123456; }');
    await put('logo.svg', LOGO);
    await put(
      'home.eta',
      `<% layout('./layout') %><h1>Riverside</h1><%~ include('./partials/note') %><p><%= it.say('home.my-apps') %></p>`,
    );
    await put('partials/note.eta', '<p>Call <%= it.page.brandName %> for help.</p>');
    await put('messages/en.json', JSON.stringify({ messages: { 'login.title': 'Log in at Riverside' } }));
    await put(
      'messages/ar.json',
      JSON.stringify({ name: 'العربية', locale: 'ar', messages: { 'login.title': 'تسجيل الدخول' } }),
    );
    store = await testStore('embedded');
    const languages = { offered: ['en', 'es', 'ar'] };
    server = await startGatehouse(store, {
      clients: [PUBLIC_APP],
      name: 'Riverside',
      theme: { directory },
      languages,
    });
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
    await rm(directory, { recursive: true, force: true });
  });
  const page = async (at: string, headers: Record<string, string> = {}) =>
    (await fetch(server.issuer + at, { headers: { accept: 'text/html', ...headers } })).text();

  test('a template of its own, which includes ours and its own', async () => {
    const html = await page('/');
    expect(html).toContain('<h1>Riverside</h1><p>Call Riverside for help.</p>');
    expect(html).toContain('See which apps can use your records');
    expect(html).toContain('<footer class="site-footer">');
  });

  test('colours after ours, and the logo, under names made from their content', async () => {
    const html = await page('/apps');
    const [, css = ''] = /href="(\/assets\/gatehouse-\w+\.css)"/.exec(html) ?? [];
    expect(await page(css)).toMatch(/\.card[\s\S]*--brand: #123456/);
    const [, logo = ''] = /<img class="brand-logo" src="(\/assets\/logo-\w+\.svg)" alt="">/.exec(html) ?? [];
    const answer = await fetch(server.issuer + logo);
    expect(answer.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await answer.text()).toBe(LOGO);
  });

  test('the style sheet is packed for who takes that, and the page is not', async () => {
    const [, css = ''] = /href="(\/assets\/gatehouse-\w+\.css)"/.exec(await page('/apps')) ?? [];
    const packed = async (at: string, accepts: string) =>
      (await fetch(server.issuer + at, { headers: { 'accept-encoding': accepts } })).headers.get(
        'content-encoding',
      );
    expect([await packed(css, 'gzip'), await packed(css, 'identity'), await packed('/apps', 'gzip')]).toEqual(
      [...['gzip', null, null]],
    );
  });

  test('words of its own in our languages, and a language of its own, written from right to left', async () => {
    expect(await page('/apps')).toContain('<h1>Log in at Riverside</h1>');
    expect(await page('/apps', { 'accept-language': 'es' })).toContain('<h1>Iniciar sesión</h1>');
    const arabic = await openScreen(server.issuer, 'login', { params: { ui_locales: 'ar' } });
    expect(arabic.html).toContain('<html lang="ar" dir="rtl">');
    expect(arabic.html).toContain('<h1>تسجيل الدخول</h1>');
    // What has no words in it yet is said in English.
    expect(arabic.html).toContain('>Password<');
    const discovery = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
    expect(discovery).toMatchObject({ ui_locales_supported: ['en', 'es', 'ar'] });
  });

  test.each([
    [
      'a message we do not have',
      'en',
      { messages: { 'login.titel': 'x' } },
      'login.titel: there is no such message',
    ],
    ['no message of ICU', 'en', { messages: { 'login.title': 'x {' } }, 'login.title: '],
    [
      'a value we do not give',
      'en',
      { messages: { 'login.title': '{password}' } },
      '{password} is not in our own message',
    ],
    ['[A081] markup', 'en', { messages: { 'login.title': '<i>x</i>' } }, '<i> is not in our own message'],
    ['a member we do not know', 'en', { messages: {}, extra: 1 }, 'en.json'],
  ])('%s is refused at the start, with the file', async (_title, tag, content, said) => {
    const wrong = await mkdtemp(path.join(tmpdir(), 'gatehouse-theme-'));
    await mkdir(path.join(wrong, 'messages'));
    await writeFile(path.join(wrong, 'messages', `${tag}.json`), JSON.stringify(content));
    const starting = startGatehouse(store, { clients: [PUBLIC_APP], theme: { directory: wrong } });
    await expect(starting).rejects.toThrow(said);
    await expect(starting).rejects.toThrow(path.join(wrong, 'messages', 'en.json'));
    await rm(wrong, { recursive: true, force: true });
  });

  test('a colour that we do not have is refused at the start, one of its own that is used is not', async () => {
    const wrong = await mkdtemp(path.join(tmpdir(), 'gatehouse-theme-'));
    const file = path.join(wrong, 'theme.css');
    await writeFile(
      file,
      ':root { --brand: #123; --bramd: #123; --own: #123 } h1 { color: var(--own) } /* --no: 1 */',
    );
    const starting = startGatehouse(store, { clients: [PUBLIC_APP], theme: { directory: wrong } });
    await expect(starting).rejects.toThrow(`${file}: there is no colour --bramd; there are --brand, `);
    await rm(wrong, { recursive: true, force: true });
  });

  test('a language nobody has words for, and a folder that is not there, are refused at the start', async () => {
    const fr = { clients: [PUBLIC_APP], languages: { offered: ['en', 'fr'] } };
    await expect(startGatehouse(store, fr)).rejects.toThrow(
      'there is no language fr; put messages/fr.json into theme.directory',
    );
    const nowhere = { clients: [PUBLIC_APP], theme: { directory: '/nowhere/theme' } };
    await expect(startGatehouse(store, nowhere)).rejects.toThrow(
      'theme.directory: there is no folder /nowhere/theme',
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { authorize, textOf } from '../../support/flow.ts';
import { FHIR, PASSWORD } from '../../support/gatehouse.ts';
import { hospitalOn, single } from '../../support/hospital.ts';

const OTHER = 'http://localhost:3998/fhir';
const scope = 'openid launch/patient patient/Patient.rs';

describe('which way leads to which FHIR server', () => {
  const hospital = hospitalOn(
    'embedded',
    { emailDomains: ['Hospital.example'], fhirServers: ['main'] },
    {
      fhirServers: [
        { id: 'main', url: FHIR, localPasswords: 'off' },
        { id: 'other', url: OTHER },
      ],
    },
  );

  test('a server for the hospital alone has no password field, and takes no password', async () => {
    const browser = new CookieBrowser();
    const at = await hospital.begin(browser, { scope });
    expect(at.html).not.toContain('type="password"');
    const sent = { ...single(at.html), username: 'amy', password: PASSWORD };
    const answer = await browser.post(at.url, sent);
    expect(answer.status).toBe(422);
    expect(textOf(await answer.text())).toContain('You cannot sign in with a password here');
  });

  test('a session that began with a password does not open it, nor the other way round', async () => {
    const browser = new CookieBrowser();
    const other = { browser, scope, params: { aud: OTHER } };
    await authorize(hospital.server.issuer, other);
    const at = await hospital.begin(browser, { scope });
    expect(formFields(at.html)['step']?.[0]).toBe('login');
    await hospital.link('amy', 'h-1');
    hospital.idp.person = { sub: 'h-1' };
    const { html } = await hospital.signIn(browser, at);
    expect(formFields(html)['step']).toEqual(['consent']);
  });

  test('the other server has no such button, and its form takes no such answer', async () => {
    const browser = new CookieBrowser();
    const at = await hospital.begin(browser, { scope, params: { aud: OTHER } });
    expect(at.html).not.toContain('name="provider"');
    const answer = await browser.post(at.url, { ...single(at.html), provider: 'hospital' });
    expect(answer.status).toBe(422);
  });

  test('who types an address of the hospital as user name is sent there', async () => {
    const browser = new CookieBrowser();
    const url = `${hospital.server.issuer}/apps`;
    const html = await (await browser.get(url)).text();
    const sent = { ...single(html), username: 'amy@hospital.example', password: '' };
    const page = await (await browser.post(url, sent)).text();
    expect(page).toContain(`0;url=${hospital.idp.issuer}/auth?`);
    expect(page).toContain('login_hint=amy%40hospital.example');
  });
});

describe('providers that cannot be asked', () => {
  const away = { clientId: 'gatehouse', clientSecret: 'x' };
  const nobody = 'http://localhost:12';
  const hospital = hospitalOn(
    'embedded',
    {},
    { signIn: { providers: [{ ...away, id: 'away', name: 'Far Away Clinic', issuer: nobody }] } },
  );

  test('Gatehouse starts, the page says so, and nothing is lost', async () => {
    const browser = new CookieBrowser();
    const at = await hospital.begin(browser, { scope });
    const answer = await browser.post(at.url, { ...single(at.html), provider: 'away' });
    const html = await answer.text();
    expect(answer.status).toBe(422);
    expect(textOf(html)).toContain('Far Away Clinic does not answer now. Nothing is lost');
    await hospital.link('amy', 'h-1');
    hospital.idp.person = { sub: 'h-1' };
    expect(formFields((await hospital.signIn(browser, { ...at, html })).html)['step']).toEqual(['consent']);
  });

  test('an answer of one at the address of the other is refused (mix-up)', async () => {
    const browser = new CookieBrowser();
    const back = await hospital.idp.walk(
      browser,
      await hospital.press(browser, await hospital.begin(browser, { scope })),
    );
    const elsewhere = back.href.replace('/hospital/', '/away/');
    expect((await browser.get(elsewhere)).status).toBe(400);
  });

  test('at /apps too', async () => {
    const browser = new CookieBrowser();
    const url = `${hospital.server.issuer}/apps`;
    const html = await (await browser.get(url)).text();
    const answer = await browser.post(url, { ...single(html), provider: 'away' });
    expect(textOf(await answer.text())).toContain('Far Away Clinic does not answer now');
    hospital.idp.person = undefined;
    const refused = await hospital.signIn(browser, { url, html, verifier: '' });
    expect(textOf(refused.html)).toContain('it was stopped there');
  });
});

describe('a provider that calls itself something else', () => {
  const hospital = hospitalOn('embedded', { issuer: 'http://127.0.0.1:1' });
  test('is not asked', async () => {
    const browser = new CookieBrowser();
    const at = await hospital.begin(browser, { scope });
    const answer = await browser.post(at.url, { ...single(at.html), provider: 'hospital' });
    expect(textOf(await answer.text())).toContain('does not answer now');
  });
});

const pair = await generateKeyPair('ES256', { extractable: true });
const publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' };
const privateKey = await exportPKCS8(pair.privateKey);

describe('a provider that knows us by our key', () => {
  const hospital = hospitalOn(
    'embedded',
    { clientKey: privateKey, clientKeyId: 'ours' },
    {},
    { clientKey: publicKey },
  );
  test('[rfc7523] is shown an assertion', async () => {
    await hospital.link('amy', 'h-1');
    hospital.idp.person = { sub: 'h-1' };
    const browser = new CookieBrowser();
    const { html } = await hospital.signIn(browser, await hospital.begin(browser, { scope }));
    expect(formFields(html)['step']).toEqual(['consent']);
  });
});

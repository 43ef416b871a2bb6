import { beforeAll, describe, expect, test } from '@jest/globals';

import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { textOf } from '../../support/flow.ts';
import { hospitalOn } from '../../support/hospital.ts';

const NEW = 'purple kettle lantern 42';

// What the pages say does not depend on the store.
describe('the account pages of somebody whom a provider has made', () => {
  const hospital = hospitalOn('embedded', { createAccounts: true });
  const at = (path: string): string => `${hospital.server.issuer}${path}`;
  let browser: CookieBrowser;
  beforeAll(async () => {
    hospital.idp.person = {
      sub: 'h-9',
      claims: { preferred_username: 'nina', name: 'Nina Vale', fhirUser: 'Patient/p7' },
    };
    browser = await signedIn();
  });
  async function signedIn(): Promise<CookieBrowser> {
    const visitor = new CookieBrowser();
    const page = await visitor.get(at('/account'));
    await hospital.signIn(visitor, { url: page.url, html: await page.text(), verifier: '' });
    return visitor;
  }
  const look = async (path: string): Promise<string> => (await browser.get(at(path))).text();

  test('offers no password, and says where theirs is; what there is else is there', async () => {
    const html = await look('/account');
    expect(textOf(html)).toContain('Nina Vale');
    expect(textOf(html)).toContain('You have no password here.');
    expect(html).not.toContain('/account/password');
    for (const path of ['/account/app', '/account/passkey']) expect(html).toContain(`href="${path}"`);
  });

  test('the page for another password leads back, and its form sets none', async () => {
    const answer = await browser.get(at('/account/password'));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    const fields = formFields(await look('/account'));
    const form = { ...fields, step: 'password', password: NEW, again: NEW };
    const posted = await browser.post(at('/account/password'), form);
    expect([posted.status, posted.headers.get('location')]).toEqual([303, '/account']);
    const account = await createAccountStore(hospital.server.vault).findByUsername('nina');
    expect(account).toBeDefined();
    expect(account).not.toHaveProperty('passwordHash');
    expect(
      hospital.server.audit.some((one) => one.type === 'account.changed' && one.change === 'password'),
    ).toBe(false);
  });

  test('a passkey and an app for codes come on top of the way in, and no page speaks of their password', async () => {
    const passkey = textOf(await look('/account/passkey'));
    expect(passkey).toContain('You can use it as one more step when you sign in.');
    expect(passkey).not.toMatch(/password/i);
    const app = textOf(await look('/account/app'));
    expect(app).toContain('From now on you also need a code');
    expect(app).not.toMatch(/password/i);
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { codeOf, giveTotp, stepAt, takeFactors } from '../../support/second-factors.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('a second factor in front of /apps, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP],
    signIn: { mfa: { practitioner: 'required' } },
  }));
  const page = (): string => `${suite.server.issuer}/apps`;
  beforeEach(async () => {
    await giveTotp(suite.server.vault, 'amy');
    await takeFactors(suite.server.vault, 'dora');
  });

  /** What this browser is shown there. */
  async function look(browser: CookieBrowser, path = ''): Promise<{ html: string; step: string }> {
    const answer = await browser.get(page() + path);
    const html = answer.status === 303 ? '' : await answer.text();
    return { html, step: formFields(html)['step']?.[0] ?? (html === '' ? 'away' : 'shown') };
  }
  async function withPassword(username: string): Promise<CookieBrowser> {
    const browser = new CookieBrowser();
    await browser.post(page(), { step: 'sign-in', username, password: PASSWORD });
    return browser;
  }
  async function send(browser: CookieBrowser, more: Record<string, string>): Promise<Response> {
    const { html } = await look(browser);
    return browser.post(page(), { ...formFields(html), ...more });
  }

  test('[A076] a password shows nothing yet: no list, no history, no records', async () => {
    const browser = await withPassword('amy');
    expect((await look(browser)).step).toBe('second');
    expect((await look(browser, '/some-app')).step).toBe('second');
    expect((await look(browser, '/history')).step).toBe('away');
    expect((await look(browser, '/history/consents.json')).step).toBe('away');
    expect(await stepAt(suite.server.issuer, browser)).toBe('second');
  });

  test('[A091] the code lets in, with another cookie than before; an app goes on with it', async () => {
    const browser = await withPassword('amy');
    const before = browser.cookieHeader(page());
    expect((await send(browser, { code: '000000' })).status).toBe(422);
    expect(browser.cookieHeader(page())).toBe(before);
    const code = codeOf();
    expect((await send(browser, { code })).status).toBe(303);
    expect((await look(browser)).step).toBe('shown');
    expect(browser.cookieHeader(page())).not.toBe(before);
    const stale = await fetch(page(), { headers: { cookie: before } });
    expect(formFields(await stale.text())['step']).toEqual(['sign-in']);
    expect(await stepAt(suite.server.issuer, browser)).toBe('consent');
    // Of the code nothing is left.
    expect((await send(await withPassword('amy'), { code })).status).toBe(422);
  });

  test('[A067] a form that is not ours, or of another page, stops nothing and lets nobody in', async () => {
    const browser = await withPassword('amy');
    for (const more of [{ _csrf: 'x' }, { step: 'my-apps', stop: 'all' }, { step: 'enrol' }])
      expect((await send(browser, { code: codeOf(), ...more })).status).toBe(200);
    expect((await look(browser)).step).toBe('second');
  });

  test('who must have one and has none sets it up there', async () => {
    const browser = await withPassword('dora');
    const { html, step } = await look(browser);
    expect(step).toBe('enrol');
    const secret = /class="reference">([A-Z2-7 ]+)</.exec(html)?.[1]?.replaceAll(' ', '') ?? '';
    const answer = await send(browser, { code: codeOf(secret) });
    expect(await answer.text()).toContain('<ul class="codes">');
    expect((await look(browser)).step).toBe('shown');
  });
});

import { describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const BEHIND_TLS = { 'x-forwarded-proto': 'https' };

// How a cookie is set does not depend on the store.
describe('the cookies of a server that is reached over https', () => {
  const suite = gatehouseOn('embedded', (issuer) => ({
    ...{ issuer: issuer.replace('http:', 'https:'), trustProxy: true, clients: [PUBLIC_APP] },
    languages: { offered: ['en', 'es'] },
  }));
  const here = (url: string): string => url.replace('https:', 'http:');

  /** Every cookie that is set on the way from an app to our pages and back, and at /apps with a passkey. */
  async function allCookies(): Promise<string[]> {
    const browser = new CookieBrowser();
    const seen: string[] = [];
    const note = (response: Response): Response => {
      seen.push(...response.headers.getSetCookie());
      return response;
    };
    const get = async (url: string) => note(await browser.get(here(url), BEHIND_TLS));
    const post = async (url: string, form: Record<string, string | string[]>) =>
      note(await browser.post(here(url), form, { ...BEHIND_TLS, origin: suite.server.issuer }));
    const { issuer } = suite.server;
    const start = await get(authorizeUrl(issuer, {}, pkce().challenge));
    const page = new URL(start.headers.get('location') ?? '', issuer).href;
    const login = formFields(await (await get(page)).text());
    await post(page, { ...login, username: 'amy', password: PASSWORD });
    const consent = formFields(await (await get(page)).text());
    const handover = await (await post(page, consent)).text();
    const [, resume = ''] = /content="0;url=([^"]+)"/.exec(handover) ?? [];
    const { headers } = await get(new URL(resume, issuer).href);
    expect(headers.get('location')).toContain('code=');
    await get(`${issuer}/apps?lang=es`);
    note(await fetch(here(`${issuer}/apps?way=passkey`), { headers: BEHIND_TLS }));
    await post(`${issuer}/apps`, { step: 'sign-in', username: 'ben', password: PASSWORD });
    return seen;
  }

  test('[A086] each is Secure, HttpOnly and SameSite=Lax, of this host alone; those that stand for somebody begin with __Host-', async () => {
    const seen = await allCookies();
    const names = new Set(seen.map((line) => line.split('=')[0]));
    expect([...names].sort()).toEqual([
      ...[
        '__Host-gatehouse',
        '__Host-gatehouse-browser',
        '__Host-gatehouse-browser.sig',
        '__Host-gatehouse.sig',
      ],
      ...['__Secure-gatehouse-resume', '__Secure-gatehouse-resume.sig'],
      ...['__Secure-gatehouse-step', '__Secure-gatehouse-step.sig', 'gatehouse-language'],
    ]);
    for (const line of seen) {
      expect(line).toMatch(/; secure(;|$)/i);
      expect(line).toMatch(/; httponly(;|$)/i);
      expect(line).toMatch(/; samesite=lax(;|$)/i);
      expect(line).not.toMatch(/; domain=/i);
      if (line.startsWith('__Host-')) expect(line).toMatch(/; path=\/(;|$)/i);
    }
    // Only the two of one interaction are bound to its address, and no longer than it lasts.
    expect(
      seen.filter((line) => line.startsWith('__Secure-')).every((line) => /; path=\/\w+/i.test(line)),
    ).toBe(true);
  });

  test('[A086] over plain http no cookie is set that a browser would send there again', async () => {
    for (const headers of [{}, { 'x-forwarded-proto': 'http' }]) {
      const url = here(authorizeUrl(suite.server.issuer, {}, pkce().challenge));
      const answer = await fetch(url, { headers, redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([
        303,
        expect.stringMatching(/^\/interaction\//),
      ]);
      const lines = answer.headers.getSetCookie();
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatch(/; secure(;|$)/i);
    }
  });
});

describe.each(DRIVERS)('cookies that somebody has changed, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));

  /** The pages that a browser with these cookies finds: an app's and our own. */
  async function stepsWith(cookie: string): Promise<unknown[]> {
    const { issuer } = suite.server;
    const headers = { cookie, accept: 'text/html' };
    const url = authorizeUrl(issuer, { params: { prompt: 'none' } }, pkce().challenge);
    const quiet = await fetch(url, { headers, redirect: 'manual' });
    const own = await fetch(`${issuer}/apps`, { headers });
    return [
      new URL(quiet.headers.get('location') ?? issuer).searchParams.get('error'),
      formFields(await own.text())['step']?.[0],
    ];
  }
  async function signedIn(): Promise<{ readonly id: string; readonly sig: string; readonly whole: string }> {
    const browser = new CookieBrowser();
    await authorize(suite.server.issuer, { browser });
    const whole = browser.cookieHeader(`${suite.server.issuer}/`);
    const value = (name: string) => new RegExp(`(?:^|; )${name}=([^;]+)`).exec(whole)?.[1] ?? '';
    return { whole, id: value('gatehouse'), sig: value('gatehouse\\.sig') };
  }
  const flipped = (text: string, at: number): string =>
    text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  const NOBODY = ['login_required', 'sign-in'];

  test('[A086] tampered or stripped, a session cookie is nobody’s; as it was, it still is', async () => {
    const { id, sig, whole } = await signedIn();
    expect(await stepsWith(whole)).toEqual(['interaction_required', 'my-apps']);
    const [uid = '', secret = ''] = id.split('.');
    const changed = [
      ['another secret', `gatehouse=${flipped(id, id.length - 1)}; gatehouse.sig=${sig}`],
      ['another uid', `gatehouse=${flipped(id, 0)}; gatehouse.sig=${sig}`],
      ['another signature', `gatehouse=${id}; gatehouse.sig=${flipped(sig, 3)}`],
      ['no signature', `gatehouse=${id}`],
      ['an empty signature', `gatehouse=${id}; gatehouse.sig=`],
      ['the signature alone', `gatehouse.sig=${sig}`],
      ['half of it', `gatehouse=${uid}; gatehouse.sig=${sig}`],
      ['the other half', `gatehouse=${secret}; gatehouse.sig=${sig}`],
      ['empty', `gatehouse=; gatehouse.sig=${sig}`],
    ] as const;
    for (const [what, cookie] of changed) expect([what, await stepsWith(cookie)]).toEqual([what, NOBODY]);
    expect(await stepsWith(whole)).toEqual(['interaction_required', 'my-apps']);
  });

  test('[A086] one of more than 4096 bytes is nobody’s and breaks nothing; headers beyond any measure are refused', async () => {
    const { id, sig } = await signedIn();
    for (const long of ['x'.repeat(5000), id + 'A'.repeat(5000), `${id}.${'B'.repeat(5000)}`])
      expect(await stepsWith(`gatehouse=${long}; gatehouse.sig=${sig}`)).toEqual(NOBODY);
    const { issuer } = suite.server;
    const tooMuch = await fetch(`${issuer}/apps`, { headers: { cookie: `gatehouse=${'x'.repeat(40_000)}` } });
    expect(tooMuch.status).toBe(431);
    expect((await fetch(`${issuer}/apps`)).status).toBe(200);
  });

  test('[A086] an interaction whose cookies are changed or gone shows nothing, and is no error of ours', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    const start = await browser.get(authorizeUrl(issuer, {}, pkce().challenge));
    const page = new URL(start.headers.get('location') ?? '', issuer).href;
    const [step = ''] = /gatehouse-step=[^;]+/.exec(browser.cookieHeader(page)) ?? [];
    const [sig = ''] = /gatehouse-step\.sig=[^;]+/.exec(browser.cookieHeader(page)) ?? [];
    expect((await fetch(page, { headers: { cookie: `${step}; ${sig}` } })).status).toBe(200);
    for (const cookie of ['', step, sig, `${step}x; ${sig}`, `${step}; ${flipped(sig, 25)}`]) {
      const answer = await fetch(page, { headers: { cookie, accept: 'text/html' } });
      expect([cookie, answer.status]).toEqual([cookie, 400]);
      expect(await answer.text()).not.toMatch(/Public App|_csrf/);
    }
  });
});

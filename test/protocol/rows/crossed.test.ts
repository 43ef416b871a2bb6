import { describe, expect, test } from '@jest/globals';

import { expectRefused } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT } from '../../support/clients.ts';
import { openScreen, redeem, submit } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OTHER = `${REDIRECT}/other`;
/** What somebody would like the request to have been. */
const CHANGED = {
  ...{ response_type: 'token', response_mode: 'fragment', client_id: 'other-app', redirect_uri: OTHER },
  ...{ state: 'changed', scope: 'patient/*.cruds', aud: 'https://evil.example/fhir', prompt: 'none' },
  ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'plain', nonce: 'changed' },
};

describe('a request that is changed under way', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [PUBLIC_APP, { ...PUBLIC_APP, client_id: 'other-app', redirect_uris: [OTHER] }],
  }));
  const consentOf = (browser: CookieBrowser, clientId = 'public-app') => {
    const params = clientId === 'other-app' ? { redirect_uri: OTHER, state: 'of-the-other' } : {};
    return openScreen(suite.server.issuer, 'consent', { browser, clientId, params });
  };
  const refusedAs = (what: string, reason: RegExp, status: number, ask: () => Promise<Response>) =>
    expectRefused(suite.server.audit, {
      ...{ id: 'A025', what, status, type: 'request.refused', reason, ask },
      more: { what },
    });
  const given = (): number =>
    suite.server.audit.filter(({ type, outcome }) => type === 'authorize' && outcome === 'success').length;

  test('[A025] [audited] the form of one interaction posted to another of the same browser is refused', async () => {
    const browser = new CookieBrowser();
    const [one, other] = [await consentOf(browser), await consentOf(browser, 'other-app')];
    const before = given();
    await refusedAs('form', /^another-form$/, 403, () => browser.post(other.url, one.fields));
    await refusedAs('form', /^another-form$/, 403, () => browser.post(one.url, other.fields));
    expect(given()).toBe(before);
    const { callback } = await submit(suite.server.issuer, one);
    expect(`${callback?.origin}${callback?.pathname}`).toBe(REDIRECT);
  });

  test('[A025] [audited] the cookie of one interaction opens no other, neither page, nor form, nor way back', async () => {
    const [mine, theirs] = [new CookieBrowser(), new CookieBrowser()];
    const [own, foreign] = [await consentOf(mine), await consentOf(theirs, 'other-app')];
    const cookie = mine.cookieHeader(own.url);
    const before = given();
    await refusedAs('page', /^expired$/, 400, () => fetch(foreign.url, { headers: html(cookie) }));
    await refusedAs('page', /^expired$/, 400, () => {
      const fields = Object.entries(foreign.fields).flatMap(([name, values]) =>
        values.map((one) => [name, one]),
      );
      const headers = { ...html(cookie), origin: suite.server.issuer, 'sec-fetch-site': 'same-origin' };
      return fetch(foreign.url, { method: 'POST', headers, body: new URLSearchParams(fields) });
    });
    const back = `${suite.server.issuer}/authorize/${foreign.url.split('/').at(-1)}`;
    const resumed = await fetch(back, { headers: html(mine.cookieHeader(back)), redirect: 'manual' });
    expect([resumed.status, resumed.headers.get('location')]).toEqual([400, null]);
    expect(given()).toBe(before);
  });

  test.each(['in the form', 'in the address of the page', 'in the address of the way back'])(
    '[A025] parameters of another request %s change nothing of the one that began',
    async (where) => {
      const { issuer } = suite.server;
      const browser = new CookieBrowser();
      const consent = await consentOf(browser);
      const query = `?${new URLSearchParams(CHANGED)}`;
      const url = where.endsWith('page') ? consent.url + query : consent.url;
      const form = where.endsWith('form') ? { ...CHANGED, ...consent.fields } : consent.fields;
      const page = await (await browser.post(url, form)).text();
      const [, way = ''] = /content="0;url=([^"]+)"/.exec(page) ?? [];
      const back = new URL(way.replaceAll('&amp;', '&'), issuer);
      const answer = await browser.get(back.href + (where.endsWith('back') ? query : ''));
      const to = new URL(String(answer.headers.get('location')));
      expect([to.origin + to.pathname, to.hash, to.searchParams.get('state')]).toEqual([
        ...[REDIRECT, '', 'state-1234567890'],
      ]);
      const code = { code: to.searchParams.get('code') ?? '', verifier: consent.verifier };
      const stolen = await redeem(issuer, code, { client_id: 'other-app', redirect_uri: OTHER });
      expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
      const { status, body } = await redeem(issuer, code);
      expect([status, body.scope.includes('cruds'), body.scope.includes('patient/Patient.rs')]).toEqual([
        ...[200, false, true],
      ]);
    },
  );
});

function html(cookie: string): Record<string, string> {
  return { accept: 'text/html', cookie };
}

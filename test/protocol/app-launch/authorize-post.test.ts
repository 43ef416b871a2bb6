import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { SCOPE, authorize, authorizeAt, authorizeUrl, pkce, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

/** Milliseconds that the keys of this pattern are kept for. */
async function timesToLive(url: string, pattern: string): Promise<number[]> {
  const redis = new Redis(url);
  const keys = await redis.keys(pattern);
  const left = await Promise.all(keys.map((key) => redis.pttl(key)));
  await redis.quit();
  return left;
}

const FOREIGN = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };

describe.each(DRIVERS)('authorize by POST on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));

  afterEach(() => void jest.restoreAllMocks());

  const send = (
    browser: CookieBrowser,
    challenge: string,
    params: Record<string, string | undefined> = {},
  ) => {
    const { issuer } = suite.server;
    const query = new URL(authorizeUrl(issuer, { params }, challenge)).searchParams;
    return browser.post(`${issuer}/authorize`, Object.fromEntries(query), FOREIGN);
  };

  test('[AUTHZ-01] [AUTHZ-02] a request posted from another site ends as one sent by GET does', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    const { verifier, challenge } = pkce();
    const response = await send(browser, challenge);
    expect(response.status).toBe(303);
    const location = new URL(response.headers.get('location') ?? '', issuer);
    expect([...location.searchParams.keys()]).toEqual(['posted_request']);

    const callback = await authorizeAt(issuer, location.href, { browser });
    expect(callback.searchParams.get('state')).toBe('state-1234567890');
    const answer = await redeem(issuer, { code: callback.searchParams.get('code') ?? '', verifier });
    expect(answer).toMatchObject({ status: 200, body: { patient: 'p1' } });
    expect(new Set(answer.body.scope.split(' '))).toEqual(new Set(SCOPE.split(' ')));
  });

  test('[AUTHZ-02] [TOK-15] the redirect with the reference is kept by no cache', async () => {
    const { headers } = await send(new CookieBrowser(), pkce().challenge);
    expect(headers.get('location')).toContain('posted_request=');
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  });

  test('[AUTHZ-02] the session that is there is found, though the post came without its cookie', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    await authorize(issuer, { browser });
    const posted = await send(new CookieBrowser(), pkce().challenge);
    const page = await browser.get(new URL(posted.headers.get('location') ?? '', issuer).href);
    const consent = await browser.get(new URL(page.headers.get('location') ?? '', issuer).href);
    expect(await consent.text()).toContain('value="consent"');
  });

  test('[AUTHZ-02] the reference works once', async () => {
    const { issuer } = suite.server;
    const posted = await send(new CookieBrowser(), pkce().challenge);
    const url = new URL(posted.headers.get('location') ?? '', issuer).href;
    expect((await new CookieBrowser().get(url)).status).toBe(303);
    const second = await new CookieBrowser().get(url);
    expect(second.status).toBe(400);
    expect(await second.text()).toContain('this request has expired');
  });

  test('[AUTHZ-02] the reference is good for a minute', async () => {
    const { issuer } = suite.server;
    const posted = await send(new CookieBrowser(), pkce().challenge);
    const url = new URL(posted.headers.get('location') ?? '', issuer).href;
    if (suite.store.redis) {
      const left = await timesToLive(suite.store.redis.url, 'gh:{m.posted*');
      expect(Math.max(...left)).toBeGreaterThan(50_000);
      expect(Math.max(...left)).toBeLessThanOrEqual(60_000);
      return;
    }
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    const late = await new CookieBrowser().get(url);
    expect([late.status, await late.text()]).toEqual([
      400,
      expect.stringContaining('this request has expired'),
    ]);
  });

  test('[AUTHZ-10] errors are the same as by GET: wrong aud goes back to the app', async () => {
    const { issuer } = suite.server;
    const posted = await send(new CookieBrowser(), pkce().challenge, { aud: 'https://evil.example/fhir' });
    const answer = await new CookieBrowser().get(new URL(posted.headers.get('location') ?? '', issuer).href);
    expect(answer.headers.get('location')).toMatch(/error=invalid_request&error_description=aud\+is\+not/);
  });

  test('[A059] JSON is refused with 415, more than 48 KiB with 413', async () => {
    const url = `${suite.server.issuer}/authorize`;
    const json = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect({ status: json.status, body: await json.json() }).toMatchObject({
      status: 415,
      body: { error: 'invalid_request', error_description: expect.stringContaining('x-www-form-urlencoded') },
    });
    const long = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ state: 'x'.repeat(60_000) }),
    });
    expect(long.status).toBe(413);
    const seen = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ state: 'x'.repeat(60_000) }),
      headers: { accept: 'text/html' },
    });
    expect([seen.status, seen.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
    expect(await seen.text()).toContain('longer than 48 KiB');
  });
});

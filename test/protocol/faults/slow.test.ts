import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { UNAVAILABLE, toldOf, untilReady } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { authorizeUrl, pkce } from '../../support/flow.ts';
import { serverBehindProxy } from '../../support/proxied.ts';

/** Two seconds, and what a busy machine adds. */
const ANSWER_MS = 2600;

describe('a slow Redis', () => {
  const stack = serverBehindProxy();
  afterEach(async () => {
    stack.proxy.set({ kind: 'pass' });
    // What is slow on its way now does not hold up the next test.
    stack.proxy.cut();
    await untilReady(stack.server.managementUrl);
  });
  const inTime = async <Result>(work: Promise<Result>, ms = ANSWER_MS): Promise<Result> => {
    const began = performance.now();
    const result = await work;
    expect(performance.now() - began).toBeLessThan(ms);
    return result;
  };
  /** How many access tokens live, whoever has them. */
  const living = async (): Promise<number> => {
    const client = new Redis(stack.redis.url);
    const names = await client.keys('gh:*:at:*');
    client.disconnect();
    return names.length;
  };

  test('[F05] answers 0.3 s late: everything is served', async () => {
    const [tokens, code] = [await stack.app.newTokens(), await stack.app.newCode()];
    stack.proxy.set({ kind: 'slow', ms: 300 });
    const page = new CookieBrowser().get(authorizeUrl(stack.server.issuer, {}, pkce().challenge));
    const answers = await Promise.all([
      stack.app.token(code),
      stack.app.refresh(tokens.refresh_token),
      stack.app.introspect(tokens.access_token),
    ]);
    expect(answers.map(toldOf)).toEqual(['200 fine', '200 fine', '200 fine']);
    expect([200, 303]).toContain((await page).status);
  });

  test.each([2000, 30_000])(
    '[F05] answers %i ms late: 503 in two seconds, and no ghost token',
    async (ms) => {
      const [tokens, code] = [await stack.app.newTokens(), await stack.app.newCode()];
      const before = await living();
      stack.proxy.set({ kind: 'slow', ms });
      const asked = [
        stack.app.token(code),
        stack.app.refresh(tokens.refresh_token),
        stack.app.introspect(tokens.access_token),
      ];
      expect((await Promise.all(asked.map((one) => inTime(one)))).map(toldOf)).toEqual(
        asked.map(() => UNAVAILABLE),
      );
      const page = await inTime(
        new CookieBrowser().get(authorizeUrl(stack.server.issuer, {}, pkce().challenge)),
      );
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      stack.proxy.set({ kind: 'pass' });
      stack.proxy.cut();
      await untilReady(stack.server.managementUrl);
      expect(await living()).toBe(before);
      expect((await stack.app.token(code)).status).toBe(200);
      expect((await stack.app.refresh(tokens.refresh_token)).status).toBe(200);
      expect(await living()).toBe(before + 2);
    },
  );

  test.each([30_000])('[F05] writes %i ms late: 503 in two seconds, and no ghost token', async (ms) => {
    const [tokens, code] = [await stack.app.newTokens(), await stack.app.newCode()];
    const before = await living();
    await stack.redis.tell(`CLIENT PAUSE ${ms} WRITE`);
    const asked = [stack.app.token(code), stack.app.refresh(tokens.refresh_token)];
    expect((await Promise.all(asked.map((one) => inTime(one)))).map(toldOf)).toEqual([
      UNAVAILABLE,
      UNAVAILABLE,
    ]);
    // Whatever is asked over the same connection waits with it.
    expect([true, undefined]).toContain(await stack.app.isActive(tokens.access_token));
    // Now Redis comes to what it was sent, too late for anybody.
    await stack.redis.tell('CLIENT UNPAUSE');
    await untilReady(stack.server.managementUrl);
    expect(await living()).toBe(before);
    expect((await stack.app.token(code)).status).toBe(200);
    expect((await stack.app.refresh(tokens.refresh_token)).status).toBe(200);
    expect(await living()).toBe(before + 2);
  });
});

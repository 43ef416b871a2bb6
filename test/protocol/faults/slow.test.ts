import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { openRedisStore } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, untilReady, type TestApp } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { authorizeUrl, pkce } from '../../support/flow.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedisProxy, type RedisProxy } from '../../support/redis-proxy.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

/** Two seconds, and what a busy machine adds. */
const ANSWER_MS = 2600;

describe('a slow Redis', () => {
  let redis: RedisServer;
  let proxy: RedisProxy;
  let server: TestServer;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    proxy = await startRedisProxy(redis.port);
    const open = () => openRedisStore(proxy.url, () => undefined);
    server = await startGatehouse({ open }, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
    app = appOf(server.issuer);
  });
  afterEach(async () => {
    proxy.set({ kind: 'pass' });
    // What is slow on its way now does not hold up the next test.
    proxy.cut();
    await untilReady(server.managementUrl);
  });
  afterAll(async () => {
    await server?.close();
    await proxy?.close();
    await redis?.stop();
  });

  const inTime = async <Result>(work: Promise<Result>, ms = ANSWER_MS): Promise<Result> => {
    const began = performance.now();
    const result = await work;
    expect(performance.now() - began).toBeLessThan(ms);
    return result;
  };
  /** How many access tokens live, whoever has them. */
  const living = async (): Promise<number> => {
    const client = new Redis(redis.url);
    const names = await client.keys('gh:*:at:*');
    client.disconnect();
    return names.length;
  };

  test('[F05] answers 0.3 s late: everything is served', async () => {
    const [tokens, code] = [await app.newTokens(), await app.newCode()];
    proxy.set({ kind: 'slow', ms: 300 });
    const page = new CookieBrowser().get(authorizeUrl(server.issuer, {}, pkce().challenge));
    const answers = await Promise.all([
      app.token(code),
      app.refresh(tokens.refresh_token),
      app.introspect(tokens.access_token),
    ]);
    expect(answers.map(toldOf)).toEqual(['200 fine', '200 fine', '200 fine']);
    expect([200, 303]).toContain((await page).status);
  });

  test.each([2000, 30_000])(
    '[F05] answers %i ms late: 503 in two seconds, and no ghost token',
    async (ms) => {
      const [tokens, code] = [await app.newTokens(), await app.newCode()];
      const before = await living();
      proxy.set({ kind: 'slow', ms });
      const asked = [app.token(code), app.refresh(tokens.refresh_token), app.introspect(tokens.access_token)];
      expect((await Promise.all(asked.map((one) => inTime(one)))).map(toldOf)).toEqual(
        asked.map(() => UNAVAILABLE),
      );
      const page = await inTime(new CookieBrowser().get(authorizeUrl(server.issuer, {}, pkce().challenge)));
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      proxy.set({ kind: 'pass' });
      proxy.cut();
      await untilReady(server.managementUrl);
      expect(await living()).toBe(before);
      expect((await app.token(code)).status).toBe(200);
      expect((await app.refresh(tokens.refresh_token)).status).toBe(200);
      expect(await living()).toBe(before + 2);
    },
  );

  test.each([30_000])('[F05] writes %i ms late: 503 in two seconds, and no ghost token', async (ms) => {
    const [tokens, code] = [await app.newTokens(), await app.newCode()];
    const before = await living();
    await redis.tell(`CLIENT PAUSE ${ms} WRITE`);
    const asked = [app.token(code), app.refresh(tokens.refresh_token)];
    expect((await Promise.all(asked.map((one) => inTime(one)))).map(toldOf)).toEqual([
      UNAVAILABLE,
      UNAVAILABLE,
    ]);
    // Whatever is asked over the same connection waits with it.
    expect([true, undefined]).toContain(await app.isActive(tokens.access_token));
    // Now Redis comes to what it was sent, too late for anybody.
    await redis.tell('CLIENT UNPAUSE');
    await untilReady(server.managementUrl);
    expect(await living()).toBe(before);
    expect((await app.token(code)).status).toBe(200);
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200);
    expect(await living()).toBe(before + 2);
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';

import { adoptStore, openRedisStore } from '../../../src/store/index.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import { testVault, startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

/** Two looks at the store, and time to connect again. */
const SETTLED_MS = 4000;

describe('the store has lost its data', () => {
  let redis: RedisServer;
  let server: TestServer;
  let known: TokenAnswer['body'];
  beforeAll(async () => {
    // Nothing of it reaches the disk.
    redis = await startRedis();
    const store = { open: () => openRedisStore(redis.url, () => undefined), dispose: () => redis.stop() };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
    known = (await redeem(server.issuer, await authorize(server.issuer))).body;
    await redis.kill();
    await redis.restart();
    await delay(SETTLED_MS);
  });
  afterAll(async () => {
    await server.close();
    await redis.stop();
  });
  const ask = (token: string) =>
    postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET));

  test('[F03] [A184] no app is told to throw its tokens away: everything is 503', async () => {
    for (const answer of [await refresh(server.issuer, known.refresh_token), await ask(known.access_token)]) {
      expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    const page = await fetch(`${server.issuer}/authorize?client_id=public-app`, {
      headers: { accept: 'text/html' },
    });
    expect(page.status).toBe(503);
  });

  test('[C2.7] the node is not ready and says why', async () => {
    const ready = await fetch(`${server.managementUrl}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/has lost its data.*gatehouse store adopt/);
  });

  test('[C2.7] adopted, it works again; what was lost is gone, and what the signing keys signed is not', async () => {
    const driver = await openRedisStore(redis.url, () => undefined);
    await adoptStore(driver, (await testVault(driver)).keys);
    await driver.close();
    await delay(SETTLED_MS);
    expect((await refresh(server.issuer, known.refresh_token)).body.error).toBe('invalid_grant');
    expect((await ask(known.access_token)).body).toEqual({ active: false });
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(String(known['id_token'])).kid);
    expect((await fetch(`${server.managementUrl}/health/ready`)).status).toBe(200);
  });
});

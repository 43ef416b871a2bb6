import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openRedisStore, type StoreDriver } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, type TestApp } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const ROUNDS = 3;
/** Each takes as long as a grace. */
const LONG_ROUNDS = 1;
const GRACE_SECONDS = 2;

/** Does a write reach the replica in time? */
async function isSafe(open: () => Promise<StoreDriver>): Promise<boolean> {
  const driver = await open();
  const probe = { key: `probe.${Math.random()}`, value: Uint8Array.of(1), ttlSeconds: 9 };
  return driver
    .putIfAbsent(probe)
    .catch(() => false)
    .finally(() => driver.close());
}

describe('durability `replica`, and the replica hangs for a moment', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let server: TestServer;
  let app: TestApp;
  const open = () => openRedisStore(primary.url, () => undefined, { replicas: 1 });
  beforeAll(async () => {
    primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    await until(() => isSafe(open), 'a write is safe');
    server = await startGatehouse(
      { open },
      { clients: [PUBLIC_APP, RESOURCE_SERVER], tokens: { refreshGraceSeconds: GRACE_SECONDS } },
    );
    app = appOf(server.issuer);
  });
  afterEach(() => void process.kill(replica.pid, 'SIGCONT'));
  afterAll(async () => {
    await server?.close();
    await replica?.stop();
    await primary?.stop();
  });

  test('[C2.6] [A162] an answer that somebody else waits for to be safe is given to nobody before it is', async () => {
    const tokens = await app.newTokens();
    process.kill(replica.pid, 'SIGSTOP');
    const first = app.refresh(tokens.refresh_token);
    await delay(50);
    const answers = [await first, await app.refresh(tokens.refresh_token)];
    expect(answers.map(toldOf)).toEqual([UNAVAILABLE, UNAVAILABLE]);
    process.kill(replica.pid, 'SIGCONT');
    await delay(500);
    const again = await app.refresh(tokens.refresh_token);
    expect(toldOf(again)).toBe('200 fine');
    expect(await app.isActive(again.body.access_token)).toBe(true);
    const repeated = await app.refresh(tokens.refresh_token);
    expect(repeated.body).toEqual(again.body);
    expect((await app.refresh(repeated.body.refresh_token)).status).toBe(200);
  });

  test.each([0, 20, 60])(
    '[C2.6] [C2.11] [C3] two refreshes at once, %i ms apart, that nobody could be answered: the token is good when all is over',
    async (gap) => {
      for (let round = 0; round < LONG_ROUNDS; round += 1) {
        const tokens = await app.newTokens();
        process.kill(replica.pid, 'SIGSTOP');
        const first = app.refresh(tokens.refresh_token);
        await delay(gap);
        const second = app.refresh(tokens.refresh_token);
        const answers = [await first, await second];
        // Longer than a refresh can be repeated.
        await delay(GRACE_SECONDS * 1000 + 500);
        process.kill(replica.pid, 'SIGCONT');
        await until(() => isSafe(open), 'a write is safe');
        expect(answers.map(toldOf)).toEqual([UNAVAILABLE, UNAVAILABLE]);
        await until(async () => {
          const { status, body } = await app.refresh(tokens.refresh_token);
          expect([200, 503]).toContain(status);
          expect(body.error).not.toBe('invalid_grant');
          return status === 200;
        }, 'it was refreshed');
      }
    },
    60_000,
  );

  test('[C2.6] [C2.3] [REV-03] who was told that a token is revoked finds it so, whatever others were told', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const tokens = await app.newTokens();
      process.kill(replica.pid, 'SIGSTOP');
      const first = app.revoke(tokens.access_token);
      await delay(20);
      const second = app.revoke(tokens.access_token);
      await delay(110);
      process.kill(replica.pid, 'SIGCONT');
      const statuses = [(await first).status, (await second).status];
      await delay(300);
      const isActive = await app.isActive(tokens.access_token);
      expect({ statuses, isActive }).toEqual({ statuses, isActive: false });
    }
  });
});

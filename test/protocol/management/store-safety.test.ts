import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';

import { guardStore } from '../../../src/cli/store-safety.ts';
import { configSchema } from '../../../src/config/index.ts';
import { openRedisStore, type ConcernWatch, type StoreDriver } from '../../../src/store/index.ts';
import { FHIR, STORE_SECRET, startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const LOOK_MS = 20;
const DEADLINE_MS = 5000;

describe('a Redis that is changed while we run', () => {
  let redis: RedisServer;
  let driver: StoreDriver;
  let watch: ConcernWatch | undefined;
  let server: TestServer;
  const lines: { level: number; msg: string }[] = [];

  beforeEach(async () => {
    lines.length = 0;
    redis = await startRedis({ appendOnly: true });
    const open = () => openRedisStore(redis.url, () => undefined);
    driver = await open();
    const { store } = configSchema.parse({
      issuer: 'http://localhost',
      secrets: { store: STORE_SECRET, cookies: [STORE_SECRET] },
      fhirServers: [{ id: 'main', url: FHIR }],
      store: { driver: 'redis', redisUrl: redis.url },
    });
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    watch = await guardStore({ store }, driver, log, LOOK_MS);
    const checks = [{ name: 'store-safety', check: async () => watch?.check() }];
    server = await startGatehouse({ open }, {}, undefined, { checks });
  });
  afterEach(async () => {
    watch?.stop();
    await server.close();
    await driver.close();
    await redis.stop();
  });

  const ready = async (): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${server.managementUrl}/health/ready`);
    return { status: response.status, text: await response.text() };
  };
  const until = async (status: number): Promise<string> => {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const seen = await ready();
      if (seen.status === status) return seen.text;
      if (Date.now() > deadline) throw new Error(`still ${seen.status}: ${seen.text}`);
      await delay(LOOK_MS);
    }
  };

  test('[F08] [SEC-06] a policy that evicts: not ready and an error in the log; put right: ready again', async () => {
    expect((await ready()).status).toBe(200);
    expect(lines).toEqual([]);
    await redis.tell('CONFIG SET maxmemory-policy allkeys-lru');
    expect(JSON.parse(await until(503))).toMatchObject({
      status: 'DOWN',
      checks: expect.arrayContaining([
        { name: 'store', status: 'UP' },
        {
          name: 'store-safety',
          status: 'DOWN',
          reason: expect.stringMatching(/^maxmemory-policy is allkeys-lru, must be noeviction/),
        },
      ]),
    });
    await redis.tell('CONFIG SET maxmemory-policy noeviction');
    await until(200);
    // Told once each, however often it was looked at.
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [
        50,
        expect.stringMatching(/no longer safe, so this node is not ready: maxmemory-policy is allkeys-lru/),
      ],
      [30, expect.stringMatching(/safe again from this: maxmemory-policy is allkeys-lru/)],
    ]);
  });

  test('[F08] [F01] a Redis that does not answer is away, not safe again', async () => {
    await redis.tell('CONFIG SET maxmemory-policy allkeys-lru');
    await until(503);
    await redis.kill();
    await delay(3 * LOOK_MS);
    expect((await ready()).text).toMatch(/"store-safety","status":"DOWN"/);
    expect(lines.filter(({ level }) => level === 30)).toEqual([]);
    await redis.restart();
    await until(200);
  });
});

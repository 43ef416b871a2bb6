import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { decodeJwt } from 'jose';

import { UNAVAILABLE, toldOf, untilReady, type Form } from '../../support/app.ts';
import { ASSERTION_TYPE, PUBLIC_APP, RESOURCE_SERVER, keyedClient } from '../../support/clients.ts';
import { serverProcesses, type ServerProcess, type ServerProcesses } from '../../support/node-processes.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const BACKEND = await keyedClient('backend', 'ES384');
const PRELOAD = pathToFileURL(path.resolve('test/support/clock-shift.mjs')).href;

describe('the clock of a node is moved', () => {
  let redis: RedisServer;
  let nodes: ServerProcesses;
  let folder: string;
  let right: ServerProcess;
  let moved: ServerProcess;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-clock-'));
    redis = await startRedis({ appendOnly: true });
    const clients = [PUBLIC_APP, RESOURCE_SERVER, BACKEND.registration];
    nodes = await serverProcesses({ clients, redisUrl: redis.url });
    await writeFile(path.join(folder, 'shift'), '0');
    right = await nodes.start();
    moved = await nodes.start({
      NODE_OPTIONS: `--import ${PRELOAD}`,
      TEST_CLOCK_FILE: path.join(folder, 'shift'),
    });
  });
  afterAll(async () => {
    await nodes?.remove();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const shift = async (ms: number): Promise<void> => {
    await writeFile(path.join(folder, 'shift'), String(ms));
    await delay(100);
  };

  const assertionForm = async (): Promise<Form> => ({
    ...{ grant_type: 'client_credentials', client_id: 'backend', scope: 'system/Patient.rs' },
    ...{
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await BACKEND.assertion(`${nodes.issuer}/token`),
    },
  });
  const keys = async (pattern: string): Promise<string[]> => {
    const client = new Redis(redis.url);
    const names = await client.keys(pattern);
    client.disconnect();
    return names.sort();
  };

  test.each([
    ['an hour ahead', 3600, /clock of this machine is 3600 s ahead of that of Redis/],
    ['an hour behind', -3600, /clock of this machine is 3600 s behind that of Redis/],
    ['twenty seconds ahead', 20, /20 s ahead/],
  ])(
    '[F17] %s: the node issues and denies nothing, is not ready and says why',
    async (_what, seconds, why) => {
      const [code, tokens, assertion] = [
        await right.app.newCode(),
        await right.app.newTokens(),
        await assertionForm(),
      ];
      const before = await keys('gh:*:at:*');
      await shift(seconds * 1000);
      try {
        const answers = [
          await moved.app.token(code),
          await moved.app.refresh(tokens.refresh_token),
          await moved.app.introspect(tokens.access_token),
          await moved.app.token(assertion),
        ];
        expect(answers.map(toldOf)).toEqual(answers.map(() => UNAVAILABLE));
        const ready = await fetch(`${moved.management}/health/ready`);
        expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(why)]);
        expect(await keys('gh:*:at:*')).toEqual(before);
        expect(await right.app.isActive(tokens.access_token)).toBe(true);
      } finally {
        await shift(0);
      }
      // Nothing was used up, and the node goes on by itself.
      await untilReady(moved.management);
      expect((await moved.app.refresh(tokens.refresh_token)).status).toBe(200);
      expect((await moved.app.token(assertion)).status).toBe(200);
      const { status, body } = await moved.app.token(code);
      expect(status).toBe(200);
      const { iat = 0 } = decodeJwt(String(body['id_token']));
      expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(5);
    },
  );

  test('[SEC-2] [F17] three seconds: the node issues nothing, and goes on to say what lives and to end it', async () => {
    const [code, tokens, ended] = [
      await right.app.newCode(),
      await right.app.newTokens(),
      await right.app.newTokens(),
    ];
    await shift(3000);
    try {
      expect(toldOf(await moved.app.token(code))).toBe(UNAVAILABLE);
      const ready = await fetch(`${moved.management}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([
        503,
        expect.stringMatching(/3\.0 s ahead of that of Redis/),
      ]);
      expect(await moved.app.isActive(tokens.access_token)).toBe(true);
      expect((await moved.app.revoke(ended.refresh_token)).status).toBe(200);
      expect(await right.app.isActive(ended.access_token)).toBe(false);
    } finally {
      await shift(0);
    }
    await untilReady(moved.management);
    expect((await moved.app.token(code)).status).toBe(200);
  });

  test('[SEC-2] [F17] half a second is no matter: everybody’s clock has some', async () => {
    const [code, tokens] = [await right.app.newCode(), await right.app.newTokens()];
    await shift(500);
    try {
      expect((await moved.app.token(code)).status).toBe(200);
      expect(await moved.app.isActive(tokens.access_token)).toBe(true);
    } finally {
      await shift(0);
    }
  });
});

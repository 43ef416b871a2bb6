import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { openRedisStore } from '../../src/store/index.ts';
import { startRedis } from '../support/redis-server.ts';

test('[C2.4] an index forgets what has expired when it is added to, and ends with its last member', async () => {
  const redis = await startRedis();
  const driver = await openRedisStore(redis.url, () => undefined);
  const raw = new Redis(redis.url);
  try {
    const now = Math.floor(Date.now() / 1000);
    await driver.addMember('{a}:soon', 'one', now + 1);
    await driver.addMember('{a}:long', 'one', now + 1);
    await driver.addMember('{a}:long', 'two', now + 60);
    await driver.addMember('{a}:kept', 'one');
    await driver.addMember('{a}:kept', 'two', now + 1);
    await delay(2100);
    await driver.addMember('{a}:long', 'three', now + 30);
    expect(await raw.exists('{a}:soon')).toBe(0);
    expect(await raw.zrange('{a}:long', '0', '-1')).toEqual(['three', 'two']);
    expect(await raw.ttl('{a}:long')).toBeGreaterThan(50);
    expect(await driver.members('{a}:kept')).toEqual(['one']);
    expect(await raw.ttl('{a}:kept')).toBe(-1);
  } finally {
    await raw.quit();
    await driver.close();
    await redis.stop();
  }
});

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import {
  adoptStore,
  createGrantIndex,
  createStoreKeys,
  guardEpoch,
  key,
  openRedisStore,
  type GuardedStore,
  type StoreDriver,
} from '../../src/store/index.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { PLACES, openQuietly } from './stores.ts';

const keys = createStoreKeys(randomBytes(32));
/** A little longer than the time between two looks. */
const LOOK_MS = 1200;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function watch(driver: StoreDriver, told: string[] = []): Promise<GuardedStore> {
  const guard = await guardEpoch(driver, keys, {
    onChange: () => undefined,
    onUnsure: (text) => void told.push(text),
  });
  undo.push(guard.stop);
  return guard;
}

async function open(redis: RedisServer): Promise<StoreDriver> {
  const driver = await openRedisStore(redis.url, () => undefined);
  undo.push(() => driver.close());
  return driver;
}

async function started(...args: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis({ appendOnly: true, args });
  undo.push(() => redis.stop());
  return redis;
}

async function answers(driver: StoreDriver): Promise<void> {
  for (;;) {
    try {
      await driver.getMany(['a']);
      return;
    } catch {
      await delay(20);
    }
  }
}

test('[C2.8] [F04] after a restart that may have lost the last second, what was made before is unsure, for nodes of before and after', async () => {
  const redis = await started('--appendfsync', 'everysec');
  const told: string[] = [];
  const guard = await watch(await open(redis), told);
  expect(guard.trust.unsureBefore()).toBe(0);
  const before = Date.now();
  await redis.kill();
  await redis.restart();
  await answers(guard.driver);
  const since = guard.trust.unsureBefore();
  expect(since).toBeGreaterThanOrEqual(before);
  expect(told).toEqual([expect.stringMatching(/may have forgotten its last writes/)]);
  const later = await watch(await open(redis));
  expect(later.trust.unsureBefore()).toBe(since);
});

test('[C2.8] [F04] a restart while no node runs is noticed by the next one', async () => {
  const redis = await started('--appendfsync', 'everysec');
  const first = await watch(await open(redis));
  first.stop();
  await redis.kill();
  await redis.restart();
  const next = await watch(await open(redis));
  expect(next.trust.unsureBefore()).toBeGreaterThan(Date.now() - 5000);
});

test('[C2.8] [F07] where a restart cannot be written down, reading goes on, and what was made before is unsure all the same', async () => {
  const redis = await started('--appendfsync', 'everysec');
  const guard = await watch(await open(redis));
  await guard.driver.put({ key: 'a', value: keys.seal('a', Buffer.from('1')) });
  await redis.kill();
  await redis.restart();
  await redis.tell('CONFIG SET maxmemory 1');
  await answers(guard.driver);
  const since = guard.trust.unsureBefore();
  expect(since).toBeGreaterThan(0);
  await delay(LOOK_MS);
  expect(await guard.driver.getMany(['a'])).toEqual([expect.anything()]);
  expect(guard.trust.unsureBefore()).toBe(since);
  await redis.tell('CONFIG SET maxmemory 0');
  await delay(LOOK_MS);
  expect((await watch(await open(redis))).trust.unsureBefore()).toBe(since);
});

test('[C2.8] a Redis that writes everything before it answers is believed after a restart', async () => {
  const redis = await started('--appendfsync', 'always');
  const guard = await watch(await open(redis));
  await redis.kill();
  await redis.restart();
  await answers(guard.driver);
  expect(guard.trust.unsureBefore()).toBe(0);
});

test('[C2.8] a connection that was cut changes nothing', async () => {
  const redis = await started('--appendfsync', 'everysec');
  const guard = await watch(await open(redis));
  const before = guard.driver.connection;
  await redis.tell('CLIENT KILL TYPE normal').catch(() => undefined);
  await answers(guard.driver);
  expect(guard.driver.connection).toBeGreaterThan(before);
  expect(guard.trust.unsureBefore()).toBe(0);
});

test('[C2.7] [F03] one master of a cluster that comes back empty is found out, whichever it is', async () => {
  const cluster = await startCluster();
  undo.push(() => cluster.stop());
  for (const [at, master] of cluster.data.entries()) {
    const driver = await openQuietly(cluster.place);
    const guard = await watch(driver);
    await guard.check();
    await master.tell('FLUSHALL');
    await delay(LOOK_MS);
    await expect(guard.check()).rejects.toThrow(/gatehouse store adopt/);
    guard.stop();
    await driver.close();
    // The last one need not be made good again.
    if (at === cluster.data.length - 1) return;
    const operator = await openQuietly(cluster.place);
    await adoptStore(operator, keys);
    await operator.close();
  }
}, 60_000);

test('[C2.7] [F03] a node that starts on a Redis that came back empty does not adopt it for the others', async () => {
  const redis = await started();
  const first = await watch(await open(redis));
  await redis.tell('FLUSHALL');
  await delay(LOOK_MS);
  await expect(first.check()).rejects.toThrow(/has lost its data/);
  const second = await watch(await open(redis));
  await second.check();
  await delay(LOOK_MS);
  await expect(first.check()).rejects.toThrow(/gatehouse store adopt/);
});

test('[C2.3] [F07] when Redis is out of memory an owner can still be ended, and is told that names were not kept', async () => {
  const redis = await started();
  const driver = await open(redis);
  const index = createGrantIndex(driver, 3600);
  const grantId = 'AAAAAAAAAAAAAAAAAAAAAA';
  await index.note(grantId, { clientId: 'c1', accountId: 'a1' }, Math.floor(Date.now() / 1000) + 600);
  await redis.tell('CONFIG SET maxmemory 1');
  await expect(index.revokeAllOf({ accountId: 'a1' })).rejects.toThrow(/OOM/);
  expect(await driver.getMany([key.dead(grantId)])).toEqual([expect.anything()]);
});

describe.each(PLACES)('what ended as a whole, on %s', (_name, makePlace) => {
  test('[C2.3] [REV-10] is in the memory of every node within a second, also of grants the index lost', async () => {
    const place = await makePlace();
    undo.push(() => place.clear());
    const drivers = [await place.open(), await place.open()];
    const nodes = await Promise.all(drivers.map((driver) => watch(driver)));
    const madeAt = Date.now();
    await delay(5);
    const index = createGrantIndex(drivers[0]!, 3600);
    expect(await index.revokeAllOf({ accountId: 'a1' })).toBe(0);
    await index.revokeAllOf({ clientId: 'https://app@example' });
    await delay(LOOK_MS);
    for (const { trust } of nodes) {
      expect(trust.endedAt({ accountId: 'a1', clientId: 'c1' })).toBeGreaterThan(madeAt);
      expect(trust.endedAt({ accountId: 'a2', clientId: 'https://app@example' })).toBeGreaterThan(madeAt);
      expect(trust.endedAt({ accountId: 'a2', clientId: 'c1' })).toBe(0);
    }
    const later = await watch(await place.open());
    expect(later.trust.endedAt({ accountId: 'a1' })).toBeGreaterThan(madeAt);
  });
});

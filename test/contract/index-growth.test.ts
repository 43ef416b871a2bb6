import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { openRedisStore } from '../../src/store/index.ts';
import { SWEEP, SWEPT } from '../../src/store/redis/scripts.ts';
import { createSweep } from '../../src/store/redis/sweep.ts';
import { startRedis } from '../support/redis-server.ts';
import { startCluster, type Topology } from '../support/redis-topologies.ts';

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

test.each([
  ['one Redis', startOne],
  ['a cluster', startCluster],
])(
  '[C2.4] on %s what has expired in an index is gone within two sweeps, though nobody adds to it or reads it',
  async (_what, start) => {
    const topology = await start();
    const [driver, other] = await Promise.all(
      [0, 1].map(() => openRedisStore(topology.place, () => undefined, { sweepEveryMs: 300 })),
    );
    const nodes = topology.data.map(({ port }) => new Redis(port));
    const raw = async (index: string): Promise<string[]> => {
      const found = await Promise.all(nodes.map((node) => node.zrange(index, '0', '-1').catch(() => [])));
      return found.flat();
    };
    try {
      const now = Math.floor(Date.now() / 1000);
      const indexes = Array.from({ length: 40 }, (_, at) => `gh:{a.${at}}:grants`);
      for (const index of indexes) {
        await driver!.addMember(index, 'long', now + 600);
        // Another node, which knows nothing of what was noted, and the same one, which does.
        await other!.addMember(index, 'short', now + 2);
        await driver!.addMember(index, 'later', now + 4);
      }
      expect((await raw(indexes[0]!)).toSorted()).toEqual(['later', 'long', 'short']);
      await delay(3000);
      for (const index of indexes) expect((await raw(index)).toSorted()).toEqual(['later', 'long']);
      await delay(2000);
      for (const index of indexes) expect(await raw(index)).toEqual(['long']);
      const due = await Promise.all(
        Array.from({ length: 16 }, (_, bucket) => raw(`gh:{due.${bucket}}:sweep`)),
      );
      expect(due.flat().toSorted()).toEqual(indexes.toSorted());
    } finally {
      for (const node of nodes) node.disconnect();
      await driver!.close();
      await other!.close();
      await topology.stop();
    }
  },
  30_000,
);

test.each([
  ['an index that goes on', true],
  ['an index that had become empty', false],
])(
  '[C2.4] a member added to %s between sweeping it and saying when next is swept in its time',
  async (_what, goesOn) => {
    const redis = await startRedis();
    const driver = await openRedisStore(redis.url, () => undefined, { sweepEveryMs: 3_600_000 });
    const raw = new Redis(redis.url);
    raw.defineCommand('gatehouseSweep', { lua: SWEEP, numberOfKeys: 1 });
    raw.defineCommand('gatehouseSwept', { lua: SWEPT, numberOfKeys: 1 });
    const index = 'gh:{c.x}:grants';
    const now = Math.floor(Date.now() / 1000);
    const interrupted = new Proxy(raw, {
      get(target, name) {
        const command = (Reflect.get(target, name, target) as (...args: unknown[]) => unknown).bind(target);
        if (name !== 'gatehouseSweep') return command;
        return async (...args: unknown[]) => {
          const next = await command(...args);
          await driver.addMember(index, 'meanwhile', now + 60);
          return next;
        };
      },
    });
    try {
      await driver.addMember(index, 'old', now + 1);
      if (goesOn) await driver.addMember(index, 'long', now + 9000);
      await delay(2100);
      await createSweep(interrupted).run();
      const buckets = await raw.keys('gh:{due.*');
      expect(await Promise.all(buckets.map((bucket) => raw.zscore(bucket, index)))).toEqual([
        String(now + 60),
      ]);
      expect(await raw.zrange(index, '0', '-1')).toEqual(goesOn ? ['meanwhile', 'long'] : ['meanwhile']);
    } finally {
      raw.disconnect();
      await driver.close();
      await redis.stop();
    }
  },
);

async function startOne(): Promise<Topology> {
  const server = await startRedis();
  return { place: server.url, data: [server], stop: () => server.stop() };
}

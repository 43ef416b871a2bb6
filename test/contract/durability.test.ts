import { randomBytes } from 'node:crypto';

import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  StoreUnavailable,
  createStoreKeys,
  createVault,
  openRedisStore,
  type Commit,
  type StoreDriver,
} from '../../src/store/index.ts';
import { startCluster, startSentinels, type Topology } from '../support/redis-topologies.ts';
import { atOnce } from './stores.ts';

const CAUGHT_UP_MS = 8000;

const vault = (driver: StoreDriver) => createVault(driver, createStoreKeys(randomBytes(32)));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const issue = (tag: string, value = tag): Commit => ({
  mode: 'issue',
  deadKey: `{${tag}}:dead`,
  deadTtlSeconds: 60,
  consume: [{ key: `{${tag}}:code:used`, ttlSeconds: 60 }],
  puts: [{ key: `{${tag}}:token`, value: bytes(value), ttlSeconds: 60 }],
  removes: [],
});
const revoke = (tag: string): Commit => ({
  ...issue(tag),
  mode: 'revoke',
  consume: [],
  puts: [],
  removes: [`{${tag}}:token`],
});

describe('a write counts when two replicas have it', () => {
  let topology: Topology;
  let driver: StoreDriver;
  let onlooker: StoreDriver;
  beforeAll(async () => {
    topology = await startSentinels({ fsync: 'everysec' });
    driver = await openRedisStore(topology.place, () => undefined, { replicas: 2 });
    onlooker = await openRedisStore(topology.place, () => undefined);
    // For some time after they began to follow, replicas write their files anew and answer nobody else.
    await untilDurable();
  });
  afterAll(async () => {
    await driver?.close();
    await onlooker?.close();
    await topology?.stop();
  });
  /** One of the two replicas hangs. */
  const withoutOne = async (work: () => Promise<unknown>): Promise<void> => {
    process.kill(topology.data[2]!.pid, 'SIGSTOP');
    try {
      await work();
    } finally {
      process.kill(topology.data[2]!.pid, 'SIGCONT');
      await untilDurable();
    }
  };
  const untilDurable = async (): Promise<void> => {
    const deadline = Date.now() + CAUGHT_UP_MS;
    for (;;) {
      try {
        const probe = `{probe.${Math.random()}}`;
        await atOnce((at) => driver.putIfAbsent({ key: `${probe}${at}`, value: bytes('1') }), 10);
        return;
      } catch (error) {
        // Still catching up.
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(Date.now()).toBeLessThan(deadline);
        await delay(50);
      }
    }
  };

  test('[C2.6] with both replicas everything is as with one Redis, each racer told the truth', async () => {
    const outcomes = await atOnce(() => driver.commit(issue('both')), 10);
    expect(outcomes).toEqual(['committed', 'lost', ...Array.from({ length: 8 }, () => 'revoked')]);
    expect(await driver.putIfAbsent({ key: 'jti', value: bytes('1'), ttlSeconds: 60 })).toBe(true);
    expect(await driver.putIfAbsent({ key: 'jti', value: bytes('1'), ttlSeconds: 60 })).toBe(false);
    await driver.put({ key: 'launch', value: bytes('l'), ttlSeconds: 60 });
    const taken = await atOnce(() => driver.take('launch'), 10);
    expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
  });

  test('[C2.6] [F10] with one too few, a redemption is taken back in one step and can be tried again', async () => {
    await withoutOne(async () => {
      const attempt = driver.commit(issue('few'));
      await expect(attempt).rejects.toThrow(StoreUnavailable);
      await expect(attempt).rejects.toThrow(/fewer than 2 replicas of Redis at .* had a write in time/);
      await expect(attempt).rejects.toMatchObject({ isSettled: true });
      expect(await onlooker.getMany(['{few}:token', '{few}:code:used', '{few}:dead'])).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });
    expect(await driver.commit(issue('few'))).toBe('committed');
  });

  test('[C2.6] [C3] with one too few, what a commit would have replaced is there as it was, with its time to live', async () => {
    const family = (value: string): Commit => ({
      ...issue('kept', value),
      consume: [],
      puts: [
        { key: '{kept}:new', value: bytes(value), ttlSeconds: 60 },
        { key: '{kept}:family', value: bytes(value), ttlSeconds: 1000 },
        { key: '{kept}:ring', value: bytes(value) },
      ],
      removes: ['{kept}:gone'],
    });
    await driver.put({ key: '{kept}:gone', value: bytes('x'), ttlSeconds: 1000 });
    await driver.commit({ ...family('one'), removes: [] });
    await driver.remove(['{kept}:new']);
    await withoutOne(async () => {
      await expect(driver.commit(family('two'))).rejects.toMatchObject({ isSettled: true });
    });
    const names = ['new', 'family', 'ring', 'gone'].map((name) => `{kept}:${name}`);
    const found = await onlooker.getMany(names);
    expect(found.map((value) => value && Buffer.from(value).toString())).toEqual([
      undefined,
      'one',
      'one',
      'x',
    ]);
    const primary = topology.data[0]!;
    expect(Number((await primary.tell('TTL {kept}:family')).slice(1))).toBeGreaterThan(900);
    expect(await primary.tell('TTL {kept}:ring')).toBe(':-1');
  });

  test('[C2.6] what is found written though its answer was lost counts only once replicas have it', async () => {
    await driver.assure('{assured}:dead');
    await withoutOne(async () => {
      await expect(driver.assure('{assured}:dead')).rejects.toMatchObject({ isSettled: false });
    });
  });

  test('[C2.6] with one too few, an end stays an end, though whoever asked is told to ask again', async () => {
    expect(await driver.commit(issue('end'))).toBe('committed');
    await withoutOne(async () => {
      await expect(driver.commit(revoke('end'))).rejects.toThrow(StoreUnavailable);
      expect(await onlooker.getMany(['{end}:dead', '{end}:token'])).toEqual([expect.anything(), undefined]);
    });
    expect(await driver.commit(issue('end', 'late'))).toBe('revoked');
  });

  test('[C2.6] with one too few, a launch is still there, and an assertion stays used', async () => {
    const v = vault(driver);
    await v.write('gh:{l.x}:launch', { patient: 'p1' }, 60);
    await withoutOne(async () => {
      await expect(v.take('gh:{l.x}:launch')).rejects.toThrow(StoreUnavailable);
      await expect(driver.putIfAbsent({ key: 'jti2', value: bytes('1'), ttlSeconds: 60 })).rejects.toThrow(
        StoreUnavailable,
      );
    });
    expect(await v.take('gh:{l.x}:launch')).toEqual({ patient: 'p1' });
    expect(await driver.putIfAbsent({ key: 'jti2', value: bytes('1'), ttlSeconds: 60 })).toBe(false);
  });
});

test('[C2.6] a cluster whose masters have no replicas takes nothing back half: nothing is written', async () => {
  const cluster = await startCluster();
  const driver = await openRedisStore(cluster.place, () => undefined, { replicas: 1 });
  try {
    for (const tag of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await expect(driver.commit(issue(tag))).rejects.toThrow(/fewer than 1 replicas/);
      expect(await driver.getMany([`{${tag}}:token`, `{${tag}}:code:used`])).toEqual([undefined, undefined]);
    }
  } finally {
    await driver.close();
    await cluster.stop();
  }
}, 60_000);

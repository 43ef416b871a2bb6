import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  SealBroken,
  StoreUnavailable,
  adoptStore,
  createStoreKeys,
  guardEpoch,
  key,
  openRedisStore,
  readEpoch,
  type GuardedStore,
  type StoreDriver,
} from '../../src/store/index.ts';
import { startRedis } from '../support/redis-server.ts';
import { PLACES, type Place } from './stores.ts';

const keys = createStoreKeys(randomBytes(32));
const VALUE = new TextEncoder().encode('1');
/** A little longer than the time between two looks. */
const LOOK_MS = 1200;

describe.each(PLACES)('which store this is, on %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  const guards: GuardedStore[] = [];
  beforeEach(async () => {
    place = await makePlace();
    driver = await place.open();
  });
  afterEach(async () => {
    for (const guard of guards.splice(0)) guard.stop();
    await place.clear();
  });

  const watch = async (told: string[] = [], pinned?: string): Promise<GuardedStore> => {
    const onChange = (isKnown: boolean, text: string) =>
      void told.push(`${isKnown ? 'back' : 'lost'}: ${text}`);
    const guard = await guardEpoch(driver, keys, { onChange, pinned });
    guards.push(guard);
    return guard;
  };

  test('[C2.7] the first node names it, and every other one finds the same', async () => {
    expect(await readEpoch(driver, keys)).toBeUndefined();
    const [one, two] = await Promise.all([watch(), watch()]);
    const epoch = await readEpoch(driver, keys);
    expect(epoch?.id).toMatch(/^[0-9a-f]{24}$/);
    await watch();
    expect(await readEpoch(driver, keys)).toEqual(epoch);
    await one.driver.put({ key: 'a', value: VALUE });
    expect(await two.driver.getMany(['a'])).toEqual([expect.anything()]);
  });

  test('[C2.7] [F03] without its epoch it answers nothing, and says what to do', async () => {
    const told: string[] = [];
    const { driver: guarded, check } = await watch(told);
    await guarded.put({ key: 'a', value: VALUE });
    const epoch = await driver.getMany([key.epoch]);
    await driver.remove([key.epoch]);
    await delay(LOOK_MS);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => guarded.getMany(['a']),
      () => guarded.put({ key: 'a', value: VALUE }),
      () => guarded.putIfAbsent({ key: 'a', value: VALUE }),
      () => guarded.take('a'),
      () => guarded.remove(['a']),
      () => guarded.members('i'),
      check,
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(StoreUnavailable);
    await expect(check()).rejects.toThrow(/has lost its data.*gatehouse store adopt/);
    // What was there before is untouched, and used again once the epoch is there again.
    await driver.put({ key: key.epoch, value: epoch[0]! });
    await delay(LOOK_MS);
    expect(await guarded.getMany(['a'])).toEqual([expect.anything()]);
    expect(told).toEqual([
      expect.stringMatching(/^lost: .*has lost its data/),
      expect.stringMatching(/^back: /),
    ]);
  });

  test('[C2.7] adopted by an operator it is good again within a second; an older one is not', async () => {
    const { driver: guarded } = await watch();
    await driver.remove([key.epoch]);
    await delay(LOOK_MS);
    await expect(guarded.getMany(['a'])).rejects.toThrow(StoreUnavailable);
    const { id } = await adoptStore(driver, keys);
    await delay(LOOK_MS);
    expect(await guarded.getMany(['a'])).toEqual([undefined]);
    expect((await readEpoch(driver, keys))?.id).toBe(id);
  });

  test('[C2.7] adopted although nothing is wrong with it, it goes on for the nodes that work with it', async () => {
    const { driver: guarded, check } = await watch();
    await guarded.put({ key: 'a', value: VALUE });
    await adoptStore(driver, keys);
    await delay(LOOK_MS);
    await check();
    expect(await guarded.getMany(['a'])).toEqual([expect.anything()]);
  });

  test('[C2.7] another database at the same address is another one, adopted there long ago or not', async () => {
    await adoptStore(driver, keys);
    const [older] = await driver.getMany([key.epoch]);
    for (const name of [key.epoch, ...driver.tags.map(key.epochCopy)]) await driver.remove([name]);
    const { check } = await watch();
    await driver.put({ key: key.epoch, value: older! });
    await delay(LOOK_MS);
    await expect(check()).rejects.toThrow(/is another one than this node has worked with/);
  });

  test('[C2.7] a node that is told which one starts on no other', async () => {
    await watch();
    const { id = '' } = (await readEpoch(driver, keys)) ?? {};
    await expect(watch([], id)).resolves.toBeDefined();
    await expect(watch([], '0'.repeat(24))).rejects.toThrow(/is not 0{24}, the one that store\.epoch names/);
  });

  test('[SEC-11] under another store secret it does not start at all', async () => {
    await watch();
    const others = createStoreKeys(randomBytes(32));
    await expect(guardEpoch(driver, others, { onChange: () => undefined })).rejects.toThrow(SealBroken);
  });
});

test('[C2.7] [F03] a Redis that comes back empty is found out before the first command over the new connection', async () => {
  const redis = await startRedis();
  const driver = await openRedisStore(redis.url, () => undefined);
  const guard = await guardEpoch(driver, keys, { onChange: () => undefined });
  try {
    await guard.driver.put({ key: 'a', value: VALUE });
    await redis.kill();
    await redis.restart();
    const answers: unknown[] = [];
    // From the very first answer after it is back: an error, never "absent".
    for (let turn = 0; turn < 100; turn += 1) {
      answers.push(await guard.driver.getMany(['a']).catch((error: unknown) => error));
      await delay(20);
    }
    expect(answers.filter((answer) => !(answer instanceof StoreUnavailable))).toEqual([]);
    expect(String(answers.at(-1))).toMatch(/has lost its data/);
  } finally {
    guard.stop();
    await driver.close();
    await redis.stop();
  }
});

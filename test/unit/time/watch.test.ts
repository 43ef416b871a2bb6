import { describe, expect, test } from '@jest/globals';

import { watchTime, type StoreClock, type Verdict } from '../../../src/time/index.ts';

const limits = { maxSkewMs: 1000, redisMaxSkewMs: 1000, holdoverS: 900, hasServers: true };

function watched(hasServers = true) {
  const world = {
    aheadMs: 0,
    trueMs: 0,
    connection: 1,
    stores: [] as StoreClock[],
    asked: 0,
    told: [] as Verdict[],
  };
  const watch = watchTime({
    limits: { ...limits, hasServers },
    everyMs: 3_600_000,
    ...(hasServers
      ? {
          askServers: async () => {
            world.asked += 1;
            return { ok: true, aheadMs: world.trueMs } as const;
          },
        }
      : {}),
    askStores: async () => world.stores,
    connection: () => world.connection,
    now: () => 1_700_000_000_000 + world.aheadMs,
    moment: () => ({ monotonicMs: 1000, aheadMs: world.aheadMs }),
    onChange: (verdict) => world.told.push(verdict),
  });
  return { world, watch };
}

describe('watchTime', () => {
  test('[SEC-2] [F17] a clock that is set between two looks issues nothing from the next request on, and goes on when it is right', async () => {
    const { world, watch } = watched();
    await watch.start();
    expect(await watch.mayIssue()).toBeUndefined();
    world.aheadMs = 3_600_000;
    expect(await watch.mayIssue()).toMatchObject({ code: 'offset' });
    expect(await watch.mayIssue()).toMatchObject({ code: 'offset' });
    expect(world.asked).toBe(2);
    world.aheadMs = 0;
    expect(await watch.mayIssue()).toBeUndefined();
    expect(world.told.map(({ wrong }) => wrong?.code)).toEqual([undefined, 'offset', undefined]);
    watch.stop();
  });

  test('[SEC-2] a clock that was put right says nothing of a jump', async () => {
    const { world, watch } = watched();
    await watch.start();
    [world.aheadMs, world.trueMs] = [5000, 5000];
    expect(await watch.mayIssue()).toBeUndefined();
    expect(world.told).toHaveLength(1);
    watch.stop();
  });

  test('[SEC-2] another Redis is asked for its time before anything is issued with it, and time servers are left alone', async () => {
    const { world, watch } = watched();
    await watch.start();
    world.connection = 2;
    world.stores = [{ at: 'other:6379', aheadMs: 2000 }];
    expect(await watch.mayIssue()).toMatchObject({ code: 'skew' });
    expect(world.asked).toBe(1);
    expect(watch.isConfirmed()).toBe(true);
    watch.stop();
  });

  test('[SEC-2] says of each record by which clock it is dated, and how far that was off', async () => {
    const { world, watch } = watched();
    expect(watch.stamp()).toEqual({ recorded: '2023-11-14T22:13:20.000Z', timeSource: 'system' });
    world.trueMs = -12;
    await watch.start();
    expect(watch.stamp()).toEqual({
      ...{ recorded: '2023-11-14T22:13:20.000Z', timeSource: 'ntp', offsetMs: 12 },
    });
    watch.stop();
  });

  test('[SEC-2] without servers nobody confirms the clock', async () => {
    const { watch } = watched(false);
    await watch.start();
    expect([watch.isConfirmed(), watch.verdict()]).toEqual([false, { source: 'system' }]);
    watch.stop();
  });
});

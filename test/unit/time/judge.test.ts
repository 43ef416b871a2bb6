import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';

import { judge, learn, type Known, type Look, type TimeLimits } from '../../../src/time/judge.ts';
import { createSteadyClock } from '../../../src/time/steady.ts';

const limits: TimeLimits = { maxSkewMs: 1000, redisMaxSkewMs: 1000, holdoverS: 900, hasServers: true };
const alone: TimeLimits = { ...limits, hasServers: false };
const SILENT = { ok: false, why: 'ntp.example does not answer' } as const;

/** The true time is the monotonic one, so a clock that is right is 0 ahead. */
const lookAt = (monotonicMs: number, aheadMs: number, found: Partial<Look> = {}): Look => ({
  moment: { monotonicMs, aheadMs },
  servers: undefined,
  stores: [],
  ...found,
});
const after = (rule: TimeLimits, ...looks: Look[]) => {
  const known = looks.reduce<Known | undefined>((before, look) => learn(before, look, rule), undefined);
  const last = looks.at(-1);
  if (!known || !last) throw new Error('look at least once');
  return judge(known, last.moment, rule);
};
const RIGHT = { ok: true, aheadMs: 0 } as const;
const redis = (aheadMs: number) => [{ at: 'redis:6379', aheadMs }];

describe('with time servers', () => {
  test.each([
    [0, undefined],
    [900, undefined],
    [-900, undefined],
    [1100, 'offset'],
    [-1100, 'offset'],
    [3_600_000, 'offset'],
    [-3_600_000, 'offset'],
  ])('[SEC-2] a clock that is %d ms ahead: %s', (ahead, code) => {
    const verdict = after(limits, lookAt(0, ahead, { servers: RIGHT }));
    expect([verdict.source, verdict.offsetMs, verdict.wrong?.code]).toEqual(['ntp', ahead, code]);
  });

  test('[SEC-2] says in words how far it is, and which way', () => {
    const said = (ahead: number) => after(limits, lookAt(0, ahead, { servers: RIGHT })).wrong?.reason;
    expect(said(1100)).toBe('the clock of this machine is 1.1 s ahead of the time servers');
    expect(said(-3_600_000)).toBe('the clock of this machine is 3600 s behind the time servers');
  });

  test('[F19] none has ever answered: nothing is issued', () => {
    expect(after(limits, lookAt(0, 0, { servers: SILENT }))).toEqual({
      source: 'system',
      wrong: { code: 'unconfirmed', reason: expect.stringContaining('ntp.example does not answer') },
    });
  });

  test('[F19] the last one is silent: hold-over, then nothing is issued, then one answers', () => {
    const first = lookAt(0, 5, { servers: RIGHT });
    const silent = (ms: number) => lookAt(ms, 5, { servers: SILENT });
    expect(after(limits, first, silent(900_000))).toEqual({ source: 'holdover', offsetMs: 5 });
    expect(after(limits, first, silent(900_001))).toMatchObject({
      source: 'holdover',
      wrong: { code: 'holdover-over', reason: expect.stringMatching(/more than 900 s: ntp\.example/) },
    });
    const again = lookAt(900_002, 5, { servers: RIGHT });
    expect(after(limits, first, silent(900_001), again)).toEqual({ source: 'ntp', offsetMs: 5 });
  });

  test('[F17] [F19] a clock that is set during hold-over is measured by how far it went', () => {
    const first = lookAt(0, 5, { servers: RIGHT });
    const silent = (ahead: number) => lookAt(10_000, ahead, { servers: SILENT });
    expect(after(limits, first, silent(900))).toEqual({ source: 'holdover', offsetMs: 900 });
    expect(after(limits, first, silent(-3_600_000)).wrong?.code).toBe('offset');
  });

  test('[SEC-2] a look at the store alone changes nothing of what the servers said', () => {
    const looks = [lookAt(0, 5, { servers: RIGHT }), lookAt(10, 5, { servers: SILENT })];
    expect(after(limits, ...looks, lookAt(20, 5)).source).toBe('holdover');
  });
});

describe.each([
  ['with time servers', limits, RIGHT],
  ['without', alone, undefined],
])('the clock of Redis, %s', (_what, rule, servers) => {
  test.each([
    [900, undefined],
    [-900, undefined],
    [1100, 'skew'],
    [-1100, 'skew'],
    [3_600_000, 'skew'],
  ])('[SEC-2] is %d ms ahead: %s', (ahead, code) => {
    const { skewMs, wrong } = after(rule, lookAt(0, 0, { servers, stores: redis(ahead) }));
    expect([skewMs, wrong?.code]).toEqual([-ahead, code]);
  });

  test('[SEC-2] of several the one that is farthest off counts', () => {
    const stores = [...redis(100), { at: 'other:6379', aheadMs: -2000 }];
    expect(after(rule, lookAt(0, 0, { servers, stores }))).toMatchObject({
      skewMs: 2000,
      wrong: { reason: 'the clock of this machine is 2.0 s ahead of that of Redis at other:6379' },
    });
  });

  test('[SEC-2] stays known while Redis is away', () => {
    const looks = [
      lookAt(0, 0, { servers, stores: redis(2000) }),
      lookAt(10, 0, { servers, stores: undefined }),
    ];
    expect(after(rule, ...looks).wrong?.code).toBe('skew');
  });
});

describe('a clock that nobody confirms', () => {
  test('[SEC-2] is believed while it goes as the monotonic one does', () => {
    expect(after(alone, lookAt(0, 0), lookAt(10_000, 4), lookAt(20_000, 8))).toEqual({ source: 'system' });
  });

  test('[F17] that jumps is believed again after three looks without a jump', () => {
    const jumped = [lookAt(0, 0), lookAt(10_000, 3_600_000)];
    const later = (ms: number) => lookAt(ms, 3_600_000);
    expect(after(alone, ...jumped).wrong?.code).toBe('jump');
    expect(after(alone, ...jumped, later(20_000), later(30_000)).wrong?.code).toBe('jump');
    expect(after(alone, ...jumped, later(20_000), later(30_000), later(40_000)).wrong).toBeUndefined();
  });

  test('[F17] a jump shows at once, not only at the next look', () => {
    const known = learn(undefined, lookAt(0, 0), alone);
    expect(judge(known, { monotonicMs: 1, aheadMs: -1100 }, alone).wrong?.code).toBe('jump');
    expect(judge(known, { monotonicMs: 1, aheadMs: -900 }, alone).wrong).toBeUndefined();
  });

  test('[F17] [SEC-2] with Redis agreeing, a jump is a correction', () => {
    const before = lookAt(0, 0, { stores: redis(5000) });
    expect(after(alone, before).wrong?.code).toBe('skew');
    expect(after(alone, before, lookAt(10, 5000, { stores: redis(5000) })).wrong).toBeUndefined();
  });
});

test('[SEC-2] whatever the looks found, a clock that is far from what was heard last is never believed', () => {
  const ahead = fc.integer({ min: -5000, max: 5000 });
  const looks = fc.array(
    fc.record({ ahead, answers: fc.boolean(), store: fc.option(ahead, { nil: undefined }) }),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(looks, (found) => {
      const all = found.map(({ ahead: aheadMs, answers, store }, at) =>
        lookAt(at * 10, aheadMs, {
          servers: answers ? RIGHT : SILENT,
          stores: store === undefined ? undefined : redis(store),
        }),
      );
      const last = found.at(-1);
      const heard = found.findLast(({ store }) => store !== undefined)?.store;
      const isFar =
        Math.abs(last?.ahead ?? 0) > 1000 ||
        (heard !== undefined && Math.abs((last?.ahead ?? 0) - heard) > 1000) ||
        !found.some(({ answers }) => answers);
      expect(after(limits, ...all).wrong !== undefined).toBe(isFar);
    }),
  );
});

describe('createSteadyClock', () => {
  const read = (...times: number[]): number[] => {
    const left = [...times];
    const clock = createSteadyClock(() => left.shift() ?? 0, 1000);
    return times.map(() => clock());
  };

  test('[SEC-2] stands still while the clock goes back by a little', () => {
    expect(read(10_000, 9500, 9999, 10_001)).toEqual([10_000, 10_000, 10_000, 10_001]);
  });

  test('[SEC-2] follows a step that is not tolerated: it was wrong before, or is now', () => {
    expect(read(3_600_000, 10_000, 10_001)).toEqual([3_600_000, 10_000, 10_001]);
  });
});

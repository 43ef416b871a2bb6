import { describe, expect, test } from '@jest/globals';

import { chooseSample } from '../../../src/time/choose.ts';
import { askTimeServers } from '../../../src/time/servers.ts';

const sample = (aheadMs: number, distanceMs = 5) => ({ aheadMs, distanceMs });

describe('of what several servers say', () => {
  test.each([
    ['one is believed', [sample(3)], 3],
    ['the surest of those that agree counts', [sample(3, 20), sample(5, 4), sample(7, 30)], 5],
    ['two outvote a third that is surer of itself', [sample(3_600_000, 0), sample(2), sample(4)], 2],
    ['two that contradict each other say nothing', [sample(0), sample(900)], undefined],
    ['two of four are no majority', [sample(0), sample(1), sample(900), sample(901)], undefined],
    ['none say nothing', [], undefined],
  ])('[SEC-2] %s', (_what, samples, chosen) => {
    expect(chooseSample(samples)?.aheadMs).toBe(chosen);
  });
});

describe('askTimeServers', () => {
  const servers = ['a', 'b', 'c'].map((host) => ({ host, port: 123 }));

  test('[SEC-2] goes by those that answer', async () => {
    const answer = await askTimeServers(servers, async ({ host }) => {
      if (host === 'b') throw new Error('does not answer');
      return sample(host === 'a' ? 10 : 12);
    });
    expect(answer).toEqual({ ok: true, aheadMs: 10 });
  });

  test('[SEC-2] asks again where an answer was held up, and takes the one that was not', async () => {
    const held = [sample(400, 300), sample(200, 120), sample(1, 2)];
    let asked = 0;
    const answer = await askTimeServers(servers.slice(0, 1), async () => held[asked++] ?? sample(0));
    expect([answer, asked]).toEqual([{ ok: true, aheadMs: 1 }, 3]);
  });

  test('[SEC-2] [F19] says of each why it says nothing', async () => {
    const answer = await askTimeServers(servers, async ({ host }) => {
      throw new Error(`is away, says ${host}`);
    });
    expect(answer).toEqual({
      ok: false,
      why: 'a is away, says a; b is away, says b; c is away, says c',
    });
  });
});

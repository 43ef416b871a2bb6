import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { kindOf, playSchedule } from '../../faults/schedule.ts';
import { startStack, type Stack } from '../../faults/stack.ts';

/** More with `npm run faults`. */
const SCHEDULES = 18;
const SEED = 4;
/** At once, each with a Redis and nodes of its own: most of their time they wait. */
const LANES = ['single', 'single', 'replica'] as const;

describe('random faults between the nodes and Redis', () => {
  const stacks: Stack[] = [];
  beforeAll(async () => {
    stacks.push(...(await Promise.all(LANES.map(startStack))));
  });
  afterAll(async () => {
    await Promise.all(stacks.map((stack) => stack.close()));
  });

  test('[F01] [F02] [F05] [F21] [F24] [F25] [F26] [C2.1] [C2.3] [C2.10] what clients were told fits together', async () => {
    const violations: string[] = [];
    const numbers = Array.from({ length: SCHEDULES }, (_, index) => index);
    const waiting = Map.groupBy(numbers, kindOf);
    const playLane = async (stack: Stack): Promise<void> => {
      const left = waiting.get(stack.kind) ?? [];
      for (let index = left.shift(); index !== undefined; index = left.shift()) {
        const result = await playSchedule(stack, SEED, index);
        if (result.violations.length > 0)
          violations.push(`schedule ${index}`, ...result.violations, result.history);
      }
    };
    await Promise.all(stacks.map(playLane));
    expect(violations.join('\n')).toBe('');
  }, 60_000);
});

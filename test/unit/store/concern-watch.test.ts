import { expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';

import { watchConcerns } from '../../../src/store/index.ts';

test('a store that is slow to answer is told of once, however often it was to be looked at meanwhile', async () => {
  const told: string[] = [];
  let concerns = ['it evicts'];
  const watch = watchConcerns({
    driver: { concerns: () => delay(30, concerns) },
    onConcern: (concern) => told.push(concern),
    onGone: (concern) => told.push(`no more: ${concern}`),
    everyMs: 3,
  });
  await delay(150);
  await expect(watch.check()).rejects.toThrow('it evicts');
  concerns = [];
  await delay(150);
  await watch.check();
  watch.stop();
  expect(told).toEqual(['it evicts', 'no more: it evicts']);
});

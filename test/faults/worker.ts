// One process of `npm run faults`: takes every nth schedule and tells its parent how each went. What a schedule does
// depends on the seed and its number alone, not on how many processes there are, or stacks in one.
import { playSchedule } from './schedule.ts';
import { startStack } from './stack.ts';

/** What the parent says, as JSON, in the only argument. */
interface Orders {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly worker: number;
  readonly workers: number;
  /** How many are played at once, each with a Redis and nodes of its own: most of its time a schedule waits. */
  readonly stacks: number;
}

const { seed, from, count, worker, workers, stacks } = JSON.parse(process.argv[2] ?? '{}') as Orders;
let next = from + worker;

async function playSome(): Promise<void> {
  const stack = await startStack();
  try {
    while (next < from + count) {
      const index = next;
      next += workers;
      process.send?.(await playSchedule(stack, seed, index));
    }
  } finally {
    await stack.close();
  }
}

try {
  await Promise.all(Array.from({ length: stacks }, playSome));
} finally {
  if (process.connected) process.disconnect();
}

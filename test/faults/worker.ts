// One process of `npm run faults`: takes every nth schedule and tells its parent how each went. What a schedule does
// depends on the seed and its number alone, not on how many processes there are.
import { playSchedule } from './schedule.ts';
import { startStack } from './stack.ts';

/** What the parent says, as JSON, in the only argument. */
interface Orders {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly worker: number;
  readonly workers: number;
}

const { seed, from, count, worker, workers } = JSON.parse(process.argv[2] ?? '{}') as Orders;
const stack = await startStack();
try {
  for (let index = from + worker; index < from + count; index += workers) {
    process.send?.(await playSchedule(stack, seed, index));
  }
} finally {
  await stack.close();
  if (process.connected) process.disconnect();
}

// One process of `npm run faults`: takes every nth schedule and tells its parent how each went. What a schedule does
// depends on the seed and its number alone, not on how many processes there are, or stacks in one.
import { kindOf, playSchedule } from './schedule.ts';
import { startStack, type StackKind } from './stack.ts';

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
const mine = Array.from({ length: count }, (_, at) => from + at).filter(
  (index) => (index - from) % workers === worker,
);
const waiting = Map.groupBy(mine, kindOf);

async function playSome(kind: StackKind): Promise<void> {
  const left = waiting.get(kind) ?? [];
  if (left.length === 0) return;
  const stack = await startStack(kind);
  try {
    for (let index = left.shift(); index !== undefined; index = left.shift())
      process.send?.(await playSchedule(stack, seed, index));
  } finally {
    await stack.close();
  }
}

/** A schedule of a short grace waits for it, so that one in seven of them takes every fourth stack. */
function kindAt(stack: number): StackKind {
  return stack % 4 === 3 ? 'replica' : 'single';
}

const kinds = Array.from({ length: stacks }, (_, at) => kindAt(at));
// With few stacks one more, so that every kind has one.
if (!kinds.includes('replica')) kinds.push('replica');

try {
  await Promise.all(kinds.map(playSome));
} finally {
  if (process.connected) process.disconnect();
}

import { setImmediate as othersTurn } from 'node:timers/promises';

/** So many commands at once any store answers well within its timeout, also where each waits for replicas. */
const AT_ONCE = 200;

/**
 * Does the same for all of many, some at a time: whoever has given fifty thousand grants must not flood the store, nor
 * hold up what others ask. Stops at the first that fails.
 */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    if (at > 0) await othersTurn();
    for (const result of await Promise.all(items.slice(at, at + AT_ONCE).map(work))) results.push(result);
  }
  return results;
}

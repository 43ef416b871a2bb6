import { StoreUnavailable } from './driver.ts';
import type { Vault } from './vault.ts';

/** What becomes of a record: the result for who asked, and what is there from now on. `next` absent: it stays as it is. */
export interface Changed<Record_, Result> {
  readonly result: Result;
  readonly next?: { readonly record: Record_; readonly ttlSeconds?: number } | 'gone';
}

/** Of fifty who change one record at once all but one begin again, and then all but one of those. */
const ATTEMPTS = 64;

/**
 * Changes a record in one step, from what it is at that moment: whoever was slower is asked again with what is there now.
 * So what is good for one use is used once, on all nodes together.
 *
 * @throws StoreUnavailable also where others changed it all the time: nothing of ours was written
 */
export function createChanges(vault: Vault) {
  const { driver } = vault;
  return async <Record_, Result>(
    name: string,
    edit: (record: Record_ | undefined) => Changed<Record_, Result>,
  ): Promise<Result> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const [before] = await driver.getMany([name]);
      const { result, next } = edit(before && vault.open<Record_>(name, before));
      if (next === undefined) return result;
      const outcome = await driver.commit({
        ...{ mode: 'issue', deadTtlSeconds: 1, consume: [] },
        // Of this key there is never a tombstone.
        deadKey: `${name}:dead`,
        expect: [{ key: name, value: before }],
        puts: next === 'gone' ? [] : [vault.sealed(name, next.record, next.ttlSeconds)],
        removes: next === 'gone' ? [name] : [],
      });
      if (outcome === 'committed') return result;
    }
    throw new StoreUnavailable('a record was changed by too many at once', { isSettled: true });
  };
}

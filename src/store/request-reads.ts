import { AsyncLocalStorage } from 'node:async_hooks';

import type { Commit, Put, StoreDriver } from './driver.ts';

type Reads = Map<string, Uint8Array | undefined>;
const storage = new AsyncLocalStorage<Reads>();

/**
 * Runs a request of the screens so that it reads each key once. What is decided on such a read is decided again by the
 * commit, in the store itself; tokens are looked up outside of this.
 */
export function withRequestReads<Result>(work: () => Promise<Result>): Promise<Result> {
  return storage.run(new Map(), work);
}

/** A driver that answers from what the running request has read already; what it writes is read anew. */
export function remembersReads(driver: StoreDriver): StoreDriver {
  const forget = (keys: readonly string[]): void => {
    const reads = storage.getStore();
    for (const key of keys) reads?.delete(key);
  };
  const writes: Partial<StoreDriver> = {
    getMany: (keys) => readOnce(driver, keys),
    put: (put: Put) => {
      forget([put.key]);
      return driver.put(put);
    },
    putIfAbsent: (put: Put) => {
      forget([put.key]);
      return driver.putIfAbsent(put);
    },
    take: (key: string) => {
      forget([key]);
      return driver.take(key);
    },
    remove: (keys: readonly string[]) => {
      forget(keys);
      return driver.remove(keys);
    },
    commit: (commit: Commit) => {
      forget([commit.deadKey, ...commit.puts.map(({ key }) => key), ...commit.removes]);
      return driver.commit(commit);
    },
  };
  return new Proxy(driver, {
    get(target, name) {
      const own: unknown = Reflect.get(writes, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => Reflect.apply(member, target, args);
    },
  });
}

async function readOnce(
  driver: StoreDriver,
  keys: readonly string[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const reads = storage.getStore();
  if (!reads) return driver.getMany(keys);
  if (!keys.every((key) => reads.has(key))) {
    const found = await driver.getMany(keys);
    for (const [at, key] of keys.entries()) reads.set(key, found[at]);
  }
  return keys.map((key) => reads.get(key));
}

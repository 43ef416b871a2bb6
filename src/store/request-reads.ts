import type { Commit, Marker, Put, StoreDriver } from './driver.ts';
import { beginWaiting, currentPageRequest } from './page-request.ts';

/** A driver that answers from what the running request has read already; what it writes is read anew. */
export function remembersReads(driver: StoreDriver): StoreDriver {
  const writing = (keys: readonly string[]): void => {
    const reads = currentPageRequest()?.reads;
    for (const key of keys) reads?.delete(key);
    beginWaiting();
  };
  const writes: Partial<StoreDriver> = {
    getMany: (keys) => readOnce(driver, keys),
    put: (put: Put) => {
      writing([put.key]);
      return driver.put(put);
    },
    announce: (put: Put) => {
      writing([put.key]);
      return driver.announce(put);
    },
    putIfAbsent: (put: Marker) => {
      writing([put.key]);
      return driver.putIfAbsent(put);
    },
    take: (key: string) => {
      writing([key]);
      return driver.take(key);
    },
    remove: (keys: readonly string[]) => {
      writing(keys);
      return driver.remove(keys);
    },
    commit: (commit: Commit) => {
      writing([commit.deadKey, ...commit.puts.map(({ key }) => key), ...commit.removes]);
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
  const reads = currentPageRequest()?.reads;
  if (!reads) return driver.getMany(keys);
  if (!keys.every((key) => reads.has(key))) {
    const found = await driver.getMany(keys);
    for (const [at, key] of keys.entries()) reads.set(key, found[at]);
  }
  return keys.map((key) => reads.get(key));
}

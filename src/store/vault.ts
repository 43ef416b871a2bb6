import type { Put, StoreDriver } from './driver.ts';
import { SealBroken, type StoreKeys } from './sealing.ts';

/**
 * Records over bytes: what goes in is sealed under its key's name, what comes out was sealed by us. A record read
 * back is what was written, so its type is that of the writer.
 */
export interface Vault {
  readonly driver: StoreDriver;
  readonly keys: StoreKeys;
  read<Record_>(key: string): Promise<Record_ | undefined>;
  write(key: string, record: unknown, ttlSeconds?: number): Promise<void>;
  writeIfAbsent(key: string, record: unknown, ttlSeconds?: number): Promise<boolean>;
  /** Reads and forgets in one step; see {@link StoreDriver.take}. */
  take<Record_>(key: string): Promise<Record_ | undefined>;
  /** Seals a record for a commit. */
  sealed(key: string, record: unknown, ttlSeconds?: number): Put;
  /** To be thrown for a value that did not open in another way; who watches is told. */
  broken(key: string): SealBroken;
  /** Opens what {@link StoreDriver.getMany} returned for `key`. @throws SealBroken */
  open<Record_>(key: string, value: Uint8Array): Record_;
}

/** @param onBroken told of the key of each value that did not open: somebody edited or moved it (A197) */
export function createVault(
  driver: StoreDriver,
  keys: StoreKeys,
  onBroken: (key: string) => void = () => undefined,
): Vault {
  const opened = (key: string, value: Uint8Array): Uint8Array => {
    try {
      return keys.open(key, value);
    } catch (error) {
      if (error instanceof SealBroken) onBroken(key);
      throw error;
    }
  };
  const open = <Record_>(key: string, value: Uint8Array): Record_ =>
    // The seal proves that this process family wrote the value under this key.
    JSON.parse(textOf(opened(key, value))) as Record_;
  const sealed = (key: string, record: unknown, ttlSeconds?: number): Put => ({
    key,
    value: keys.seal(key, Buffer.from(JSON.stringify(record))),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
  });
  return {
    driver,
    keys,
    broken(key) {
      onBroken(key);
      return new SealBroken(`the value at ${key} was edited or moved`);
    },
    open,
    sealed,
    read: async <Record_>(key: string) => {
      const [value] = await driver.getMany([key]);
      return value && open<Record_>(key, value);
    },
    write: (key, record, ttlSeconds) => driver.put(sealed(key, record, ttlSeconds)),
    writeIfAbsent: (key, record, ttlSeconds) => driver.putIfAbsent(sealed(key, record, ttlSeconds)),
    take: async <Record_>(key: string) => {
      const value = await driver.take(key);
      return value && open<Record_>(key, value);
    },
  };
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

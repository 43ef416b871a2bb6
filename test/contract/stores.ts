import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openEmbeddedStore, openRedisStore, type StoreDriver } from '../../src/store/index.ts';
import { startRedis } from '../support/redis-server.ts';

/** One place to keep things in, and as many drivers over it as a test wants. */
export interface Place {
  /** Opens a driver of its own: a connection, or a handle on the file as another process would have. */
  open(): Promise<StoreDriver>;
  /** How another process opens it: `[driver, where]`. */
  readonly address: readonly [string, string];
  /** Takes the store away from under a driver. */
  takeAway(driver: StoreDriver): Promise<void>;
  /** Every byte the store has ever written to its disk. */
  diskBytes(): Promise<Buffer>;
  /** Closes every driver and removes everything. */
  clear(): Promise<void>;
}

async function embeddedPlace(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-store-'));
  const opened: StoreDriver[] = [];
  return {
    address: ['embedded', folder],
    async open() {
      const driver = openEmbeddedStore(folder);
      opened.push(driver);
      return driver;
    },
    takeAway: (driver) => driver.close(),
    diskBytes: () => bytesBelow(folder),
    async clear() {
      await Promise.all(opened.map((driver) => driver.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function redisPlace(): Promise<Place> {
  const server = await startRedis({ appendOnly: true });
  const opened: StoreDriver[] = [];
  return {
    address: ['redis', server.url],
    async open() {
      // Losing the connection is what some tests are about; the driver's callers hear of it.
      const driver = await openRedisStore(server.url, () => undefined);
      opened.push(driver);
      return driver;
    },
    takeAway: () => server.kill(),
    diskBytes: () => bytesBelow(server.dataDir),
    async clear() {
      await Promise.all(opened.map((driver) => driver.close()));
      await server.stop();
    },
  };
}

async function bytesBelow(folder: string): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = files
    .filter((file) => file.isFile())
    .map((file) => readFile(path.join(file.parentPath, file.name)));
  return Buffer.concat(await Promise.all(contents));
}

/** The table of `describe.each`: every contract holds on both. */
export const PLACES: readonly (readonly [StoreDriver['name'], () => Promise<Place>])[] = [
  ['embedded', embeddedPlace],
  ['redis', redisPlace],
];

export const CALLERS = 50;

/** As many calls at once as a contract test makes. */
export function atOnce<Result>(call: (at: number) => Promise<Result>, callers = CALLERS): Promise<Result[]> {
  return Promise.all(Array.from({ length: callers }, (_, at) => call(at)));
}

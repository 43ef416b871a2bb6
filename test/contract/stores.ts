import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  openEmbeddedStore,
  openForCommand,
  openForServer,
  openRedisStore,
  type RedisPlace,
  type StoreDriver,
} from '../../src/store/index.ts';
import { startRedis } from '../support/redis-server.ts';
import { startCluster, startSentinels, type Topology } from '../support/redis-topologies.ts';

/** One place to keep things in, and as many drivers over it as a test wants. */
export interface Place {
  /** Opens a driver of its own: a connection, or a handle on the file as another process would have. */
  open(): Promise<StoreDriver>;
  /** How another process opens it: `[driver, where]`, for Redis as JSON. */
  readonly address: readonly [StoreDriver['name'], string];
  /** Takes the store away from under a driver, and what is no file from under all of them. */
  takeAway(driver: StoreDriver): Promise<void>;
  /** Says something to every server, as an operator would; nothing where there is none. */
  tell(command: string): Promise<void>;
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
    tell: () => Promise.resolve(),
    diskBytes: () => bytesBelow(folder),
    async clear() {
      await Promise.all(opened.map((driver) => driver.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same through the socket of a server that has the file. */
async function socketPlace(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-store-'));
  const server = await openForServer(folder);
  const opened: StoreDriver[] = [];
  return {
    address: ['embedded', folder],
    async open() {
      const driver = await openForCommand(folder);
      opened.push(driver);
      return driver;
    },
    takeAway: () => server.close(),
    tell: () => Promise.resolve(),
    diskBytes: () => bytesBelow(folder),
    async clear() {
      await Promise.all([...opened, server].map((driver) => driver.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One Redis, seen as a topology. */
async function startOne(): Promise<Topology> {
  const server = await startRedis({ appendOnly: true });
  return { place: server.url, data: [server], stop: () => server.stop() };
}

async function redisPlace(start: () => Promise<Topology>): Promise<Place> {
  const topology = await start();
  const { place, data } = topology;
  const opened: StoreDriver[] = [];
  return {
    address: ['redis', JSON.stringify(place)],
    async open() {
      const driver = await openQuietly(place);
      opened.push(driver);
      return driver;
    },
    async takeAway() {
      await Promise.all(data.map((server) => server.kill()));
    },
    async tell(command) {
      await Promise.all(data.map((server) => server.tell(command)));
    },
    diskBytes: async () => Buffer.concat(await Promise.all(data.map(({ dataDir }) => bytesBelow(dataDir)))),
    async clear() {
      await Promise.all(opened.map((driver) => driver.close()));
      await topology.stop();
    },
  };
}

/** Losing the connection is what some tests are about; the driver's callers hear of it. */
export function openQuietly(place: RedisPlace): Promise<StoreDriver> {
  return openRedisStore(place, () => undefined);
}

async function bytesBelow(folder: string): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = files
    .filter((file) => file.isFile())
    .map((file) => readFile(path.join(file.parentPath, file.name)));
  return Buffer.concat(await Promise.all(contents));
}

/** The table of `describe.each`: every contract holds on all of them. */
export const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  ['embedded', embeddedPlace],
  ['embedded, through its socket', socketPlace],
  ['redis', () => redisPlace(startOne)],
  ['sentinel', () => redisPlace(() => startSentinels())],
  ['cluster', () => redisPlace(() => startCluster())],
];

export const CALLERS = 50;

/** As many calls at once as a contract test makes. */
export function atOnce<Result>(call: (at: number) => Promise<Result>, callers = CALLERS): Promise<Result[]> {
  return Promise.all(Array.from({ length: callers }, (_, at) => call(at)));
}

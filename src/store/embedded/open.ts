import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { StoreUnavailable, type StoreDriver } from '../driver.ts';
import { connectStore } from '../socket/client.ts';
import { SOCKET_NAME } from '../socket/path.ts';
import { serveStore } from '../socket/server.ts';
import { openEmbeddedStore } from './driver.ts';
import { lockForCommand, lockForServer } from './server-lock.ts';

/** Between taking the lock and listening at the socket, and between the opposite, a server needs less. */
const SERVER_TIMEOUT_MS = 5000;
const KNOCK_EVERY_MS = 50;

/**
 * Opens the store for a server, which has the folder to itself and lets commands in through a socket until it closes.
 *
 * @throws StoreUnavailable when another server has the folder, or it cannot be used
 */
export async function openForServer(dataDir: string): Promise<StoreDriver> {
  const release = lockForServer(dataDir);
  let driver: StoreDriver | undefined;
  try {
    driver = openEmbeddedStore(dataDir);
    const socket = await serveStore(driver, path.resolve(dataDir));
    return closingAfter(driver, () => socket.close(), release);
  } catch (error) {
    await driver?.close();
    release();
    throw error;
  }
}

/**
 * Opens the store for a command: through the running server's socket, or, when there is none, the file itself, and then no
 * server starts on it until the command is done.
 *
 * @throws StoreUnavailable when a server has the folder and does not answer
 */
export async function openForCommand(dataDir: string): Promise<StoreDriver> {
  const folder = path.resolve(dataDir);
  const deadline = Date.now() + SERVER_TIMEOUT_MS;
  for (;;) {
    const remote = await connectStore(folder);
    if (remote) return remote;
    const release = lockForCommand(folder);
    if (release) return openAlone(folder, release);
    if (Date.now() > deadline)
      throw new StoreUnavailable(
        `a server is using ${folder} and does not answer at ${SOCKET_NAME} in it: wait until it has started or stopped, and say it again`,
      );
    await delay(KNOCK_EVERY_MS);
  }
}

function openAlone(folder: string, release: () => void): StoreDriver {
  try {
    return closingAfter(openEmbeddedStore(folder), undefined, release);
  } catch (error) {
    release();
    throw error;
  }
}

function closingAfter(
  driver: StoreDriver,
  before: (() => Promise<void>) | undefined,
  after: () => void,
): StoreDriver {
  const end = driver.close.bind(driver);
  const inOrder = async (): Promise<void> => {
    await before?.();
    await end();
    after();
  };
  let ended: Promise<void> | undefined;
  // Once only: a second time it would be another server's socket.
  return Object.assign(driver, { close: () => (ended ??= inOrder()) });
}

import { chmodSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StoreUnavailable } from '../driver.ts';
import { makeFolder } from './driver.ts';

const FILE_NAME = 'server.lock';

/**
 * Takes a folder for one server. The embedded store is for one: two would each keep part of the truth in memory. The lock
 * is one that the system takes back when the process ends, however it ends; the command line tool does not need it.
 *
 * @throws StoreUnavailable when another server has it
 */
export function lockForServer(dataDir: string): void {
  const folder = path.resolve(dataDir);
  const file = path.join(folder, FILE_NAME);
  try {
    makeFolder(folder);
    const lock = new DatabaseSync(file, { timeout: 0 });
    chmodSync(file, 0o600);
    lock.exec('BEGIN EXCLUSIVE');
    held.add(lock);
  } catch (cause) {
    // Whatever else is wrong with the folder, opening the store in it says so.
    if (!(cause instanceof Error) || !cause.message.includes('locked')) return;
    throw new StoreUnavailable(
      `cannot use ${folder}: another server is using it; the embedded store takes one, several need the redis driver`,
      { cause },
    );
  }
}

/** A lock that nobody refers to would be closed, and with that given up. */
const held = new Set<DatabaseSync>();

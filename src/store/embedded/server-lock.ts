import { chmodSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StoreUnavailable } from '../driver.ts';
import { FILE_NAME as STORE_FILE, makeFolder } from './file.ts';

const FILE_NAME = 'server.lock';
/** How long a server that starts waits for a command to end. */
const COMMAND_TIMEOUT_MS = 2000;

/** Gives a lock back; once is enough. The system does it when the process ends, however it ends. */
export type Release = () => void;

/**
 * Takes a folder for one server. The embedded store is for one: two would each keep part of the truth in memory.
 *
 * @throws StoreUnavailable when another server has it, or commands do not come to their end
 */
export function lockForServer(dataDir: string): Release {
  const folder = path.resolve(dataDir);
  const taken = lock(folder, COMMAND_TIMEOUT_MS, 'BEGIN EXCLUSIVE');
  if (taken) return taken;
  throw new StoreUnavailable(
    `cannot use ${folder}: another server is using it; the embedded store takes one, several need the redis driver` +
      ' (or a gatehouse command is still at work there)',
  );
}

/** Keeps servers out while a command works on the file; commands do not mind each other. `undefined`: a server has it. */
export function lockForCommand(dataDir: string): Release | undefined {
  return lock(path.resolve(dataDir), 0, 'BEGIN; SELECT count(*) FROM sqlite_master');
}

function lock(folder: string, timeout: number, how: string): Release | undefined {
  const file = path.join(folder, FILE_NAME);
  try {
    return lockFile(file, timeout, how);
  } catch (cause) {
    throw new StoreUnavailable(
      `cannot open the embedded store ${path.join(folder, STORE_FILE)}: ${file}: ${reasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/**
 * Takes a file, which is made where it is not there, for this process alone. `undefined`: another one has it.
 *
 * @throws Error when it cannot be made
 */
export function lockFile(file: string, timeout = 0, how = 'BEGIN EXCLUSIVE'): Release | undefined {
  makeFolder(path.dirname(file));
  const database = new DatabaseSync(file, { timeout });
  try {
    chmodSync(file, 0o600);
    database.exec(how);
  } catch (cause) {
    database.close();
    if (reasonOf(cause).includes('locked')) return undefined;
    throw cause;
  }
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
}

function reasonOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : String(cause);
}

/** A lock that nobody refers to would be closed, and with that given up. */
const held = new Set<DatabaseSync>();

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
    makeFolder(folder);
    const database = new DatabaseSync(file, { timeout });
    chmodSync(file, 0o600);
    database.exec(how);
    held.add(database);
    return () => {
      if (held.delete(database)) database.close();
    };
  } catch (cause) {
    const reason = reasonOf(cause);
    if (reason.includes('locked')) return undefined;
    throw new StoreUnavailable(
      `cannot open the embedded store ${path.join(folder, STORE_FILE)}: ${file}: ${reason}`,
      {
        cause,
      },
    );
  }
}

function reasonOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : String(cause);
}

/** A lock that nobody refers to would be closed, and with that given up. */
const held = new Set<DatabaseSync>();

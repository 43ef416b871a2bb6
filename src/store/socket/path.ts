import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { StoreUnavailable } from '../driver.ts';

export const SOCKET_NAME = 'gatehouse.sock';
/** A socket's address has room for 107 bytes on Linux, 103 elsewhere; both sides must decide alike. */
const MAX_PATH_BYTES = 103;

/** A folder under a name that leaves room for the socket in it. */
export interface ReachableFolder {
  readonly path: string;
  /** When nobody connects by this name any more. */
  release(): void;
}

/**
 * The folder itself, or a link to it where its path is too long for a socket's address.
 *
 * @throws StoreUnavailable when such a link cannot be made, with what to do
 */
export function reachable(folder: string): ReachableFolder {
  // The longest name in it is the one the server binds first.
  if (Buffer.byteLength(path.join(folder, `${SOCKET_NAME}.new`)) <= MAX_PATH_BYTES)
    return { path: folder, release: () => undefined };
  try {
    const near = mkdtempSync(path.join(tmpdir(), 'gatehouse-'));
    const link = path.join(near, 'd');
    symlinkSync(folder, link);
    return { path: link, release: () => rmSync(near, { recursive: true, force: true }) };
  } catch (cause) {
    throw new StoreUnavailable(
      `the path of ${folder} is too long for a socket in it, and ${tmpdir()} takes no link to it; choose a shorter store.dataDir`,
      { cause },
    );
  }
}

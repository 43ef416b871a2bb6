import { constants, write as writeToFile } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** A write that ends when it is on disk is one errand for the kernel instead of two; elsewhere it may end in the disk's cache. */
const WRITES_THROUGH = process.platform === 'linux';
const APPEND =
  constants.O_APPEND | constants.O_WRONLY | constants.O_CREAT | (WRITES_THROUGH ? constants.O_DSYNC : 0);
/** Of the descriptor: a lone line costs less this way than by its `FileHandle`. */
const write = promisify(writeToFile);

/** A file that lines are added to. */
export interface Appender {
  /**
   * Resolves once the lines are on disk.
   *
   * They are one write to a file that is open for appending, so that processes can add to it at the same time. The first
   * begins with a line break of its own: whatever half a line a process left behind that was killed, this one stands for
   * itself.
   *
   * @throws Error when a line, or a part of it, may be missing
   */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file to add lines to; it is made with its folders where it is not there. */
export async function openAppender(file: string): Promise<Appender> {
  const folder = path.dirname(file);
  await makeFolder(folder);
  const handle = await open(file, APPEND, FILE_MODE);
  let isNew = (await handle.stat()).size === 0;
  return {
    async append(lines) {
      const bytes = Buffer.from(`\n${lines.join('\n')}\n`);
      if (isNew) await likeItsFolder(handle, folder);
      const { bytesWritten } = await write(handle.fd, bytes);
      if (bytesWritten < bytes.byteLength)
        throw new Error(`only a part of a line could be written to ${file}`);
      if (!WRITES_THROUGH) await handle.datasync();
      if (isNew) await syncFolder(folder);
      isNew = false;
    },
    close: () => handle.close(),
  };
}

/** Adds a line to a file, as {@link Appender.append} does. */
export async function appendLine(file: string, line: string): Promise<void> {
  const appender = await openAppender(file);
  await appender.append([line]).finally(() => appender.close());
}

/** Level by level, each on disk before something lies in it. */
export async function makeFolder(folder: string): Promise<void> {
  if (await isThere(folder)) return;
  const parent = path.dirname(folder);
  await makeFolder(parent);
  try {
    await mkdir(folder, { mode: FOLDER_MODE });
  } catch (error) {
    // Another process may have been first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return;
  }
  const made = await open(folder);
  await likeItsFolder(made, parent).finally(() => made.close());
  await syncFolder(parent);
}

async function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A command that root runs must not make what the server cannot add to. */
export async function likeItsFolder(handle: FileHandle, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  await handle.chown(uid, gid);
}

/** A new name is on disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

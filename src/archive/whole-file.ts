import { open, readFile, readdir, rename } from 'node:fs/promises';
import path from 'node:path';

import { FILE_MODE, likeItsFolder, makeFolder } from './append.ts';

/** Puts a file in the place of the one that is there: whoever reads it finds the one or the other, whole. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await makeFolder(path.dirname(file));
  const draft = `${file}.${process.pid}.new`;
  const handle = await open(draft, 'w', FILE_MODE);
  try {
    await likeItsFolder(handle, path.dirname(file));
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** `undefined` where there is none, or it is not JSON. */
export async function readWhole(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** None where there is no such folder, or where it is a file. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
    throw error;
  }
}

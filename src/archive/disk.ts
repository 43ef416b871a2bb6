import { statfs } from 'node:fs/promises';

/** Of the disk that a folder lies on, the part that is free for us: 0 to 1. */
export async function freePartOf(folder: string): Promise<number> {
  const { bavail, blocks } = await statfs(folder);
  return blocks === 0 ? 1 : bavail / blocks;
}

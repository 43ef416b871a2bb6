import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';

import { appendLine } from './append.ts';
import { isMissing } from './whole-file.ts';

/** None where there is no such file. */
export async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** The keys of a file as the archive keeps them, a JWK a line; none where there is no such file. */
export async function readKeys(file: string): Promise<JWK[]> {
  return (await linesOf(file)).flatMap((line) => {
    const key = parsed(line);
    return typeof key === 'object' && key !== null && 'kid' in key ? [key as JWK] : [];
  });
}

/** Adds the public half of a key; does nothing where it is there. */
export async function keepKey(file: string, publicKey: JWK): Promise<void> {
  const kept = await readKeys(file);
  if (!kept.some(({ kid }) => kid === publicKey.kid)) await appendLine(file, JSON.stringify(publicKey));
}

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { constants } from 'node:fs';
import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createTrailFiles } from '../../../src/archive/index.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-append-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** How the kernel has a file open for us, as `open(2)` names it; elsewhere than on Linux nobody says. */
async function flagsOf(file: string): Promise<number[]> {
  const found: number[] = [];
  for (const fd of await readdir('/proc/self/fd').catch(() => []))
    if ((await readlink(`/proc/self/fd/${fd}`).catch(() => '')) === file) {
      const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8');
      found.push(Number.parseInt(/^flags:\s+(\d+)$/m.exec(info)?.[1] ?? '', 8));
    }
  return found;
}

test('[SEC-4] a line is added at the end, and its write does not end before it is on disk', async () => {
  const file = createTrailFiles(dataDir).newFile('a-chain');
  await file.append(['one', 'two']);
  const written = path.join(dataDir, 'audit', String(new Date().getUTCFullYear()), 'a-chain.jsonl');
  const flags = await flagsOf(written);
  expect(flags).toHaveLength(process.platform === 'linux' ? 1 : 0);
  for (const one of flags) {
    expect(one & constants.O_APPEND).not.toBe(0);
    expect(one & constants.O_DSYNC).toBe(constants.O_DSYNC);
  }
  await file.append(['three']);
  await file.close();
  expect(await readFile(written, 'utf8')).toBe('\none\ntwo\n\nthree\n');
});

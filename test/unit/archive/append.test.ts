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

/** How the kernel has a file open for us, as `open(2)` names it. */
async function flagsOf(file: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd'))
    if ((await readlink(`/proc/self/fd/${fd}`).catch(() => '')) === file) {
      const [, octal = ''] =
        /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
      return Number.parseInt(octal, 8);
    }
  throw new Error(`${file} is not open`);
}

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('[SEC-4] a line is added at the end, and its write does not end before it is on disk', async () => {
  const file = createTrailFiles(dataDir).newFile('a-chain');
  await file.append(['one', 'two']);
  const written = path.join(dataDir, 'audit', String(new Date().getUTCFullYear()), 'a-chain.jsonl');
  const flags = await flagsOf(written);
  expect(flags & constants.O_APPEND).not.toBe(0);
  expect(flags & constants.O_DSYNC).toBe(constants.O_DSYNC);
  await file.append(['three']);
  await file.close();
  expect(await readFile(written, 'utf8')).toBe('\none\ntwo\n\nthree\n');
});

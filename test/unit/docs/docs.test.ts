import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

import { configSchema } from '../../../src/config/index.ts';
import { ERROR_CODES } from '../../../src/oauth/index.ts';

const read = (file: string): string => readFileSync(file, 'utf8');

test.each(ERROR_CODES)('[G10-26] docs/app-developers.md explains %s', (code) => {
  expect(read('docs/app-developers.md')).toContain(`\`${code}\``);
});

test('README has every setting in its table', () => {
  const readme = read('README.md');
  for (const [name, schema] of Object.entries(configSchema.shape)) {
    expect({ name, found: readme.includes(`\`${name}`) }).toEqual({ name, found: true });
    expect(schema).toBeDefined();
  }
});

test('README gives a reason for each runtime dependency', () => {
  const readme = read('README.md').split('## What it stands on')[1] ?? '';
  const { dependencies } = JSON.parse(read('package.json'));
  for (const name of Object.keys(dependencies)) {
    expect({ name, found: readme.includes(name) }).toEqual({ name, found: true });
  }
});

test('[C2.4] docs/store.md has the table of keys as the code has it', () => {
  const { status, stderr } = spawnSync(process.execPath, ['tools/store-table.mjs', '--check']);
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
});

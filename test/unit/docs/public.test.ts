import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

import { clientRegistration } from '../../../src/clients/index.ts';
import { ENFORCEABLE_PARAMETERS } from '../../../src/smart/index.ts';
import { SHARED_TYPES } from '../../../src/resource-server/index.ts';

const page = readFileSync('docs/app-developers.md', 'utf8');

test.each(Object.keys(clientRegistration.shape))(
  '[G10-26] docs/app-developers.md explains %s of a registration',
  (name) => {
    expect(page.split('## Registration')[1]?.split('## Scopes')[0]).toContain(`\`${name}\``);
  },
);

test.each([...SHARED_TYPES])('[G10-11] docs/app-developers.md says how %s can be asked for', (type) => {
  expect(page.split('## Scopes')[1]?.split('## Errors')[0]).toContain(`\`${type}\``);
});

test('[CTX-18] docs/app-developers.md says which roles there are', () => {
  expect(page).toMatch(/Roles of `launch\/<type>\?role=…`/);
});

test('[SEM-21] docs/app-developers.md says what links between patients mean', () => {
  expect(page.split('## Scopes')[1]?.split('## Errors')[0]).toMatch(/`Patient\.link` is not followed/);
});

test.each([...ENFORCEABLE_PARAMETERS])(
  '[SCO-12] docs/app-developers.md says that scopes may be narrowed by %s',
  (name) => {
    expect(page.split('## Registration')[0]).toContain(`\`${name}\``);
  },
);

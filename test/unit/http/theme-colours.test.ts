import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

import { COLOURS } from '../../../src/http/theme.ts';

test('the colours that a theme may set are those of the style sheet, and all are explained', () => {
  const css = readFileSync('views/assets/gatehouse.css', 'utf8');
  const set = new Set([...css.matchAll(/^\s*--([\w-]+):/gm)].map(([, name]) => name));
  expect([...set].toSorted()).toEqual([...COLOURS].toSorted());
  const readme = readFileSync('views/README.md', 'utf8');
  expect(COLOURS.filter((name) => !readme.includes(`\`--${name}\``))).toEqual([]);
});

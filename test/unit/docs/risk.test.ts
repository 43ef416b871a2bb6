import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';

import { rowsOf } from './tables.ts';

const read = (file: string): string => readFileSync(file, 'utf8');

/** Every id in brackets in a title, or in the name of a row of the corpus. */
function idsInTests(): ReadonlySet<string> {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|json)$/.test(name),
  );
  const text = files.map((name) => read(path.join('test', name))).join('\n');
  return new Set(text.match(/\b(?:A\d{3}|F\d{2})\b/g));
}

/** `A001–A020, A045` → each id that a test names, and the ends of each range. */
function spelledOut(cell: string, known: ReadonlySet<string>): string[] {
  return cell
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '–')
    .flatMap((part) => {
      const [first = '', last = first] = part.split('–');
      return [first, last, ...[...known].filter((id) => id[0] === first[0] && id >= first && id <= last)];
    });
}

const RISKS = rowsOf('docs/risk/register.md').filter(([id]) => /^R\d\d$/.test(id ?? ''));

test('[SEC-1] each threat of the register is tied to tests, or says that it is for who runs it', () => {
  const known = idsInTests();
  expect(RISKS.length).toBeGreaterThan(20);
  for (const [id, , , , attacks = '', measure, , controls] of RISKS) {
    const tied = spelledOut(attacks, known);
    expect({ id, untested: tied.filter((one) => !known.has(one) && !isEndOfRange(one, known)) }).toEqual({
      ...{ id, untested: [] },
    });
    expect(tied.length > 0 || ['R21', 'R22'].includes(id ?? '')).toBe(true);
    expect([measure, controls].every((cell) => (cell ?? '').length > 3)).toBe(true);
  }
});

/** Numbers in the table of attacks have gaps. */
function isEndOfRange(id: string, known: ReadonlySet<string>): boolean {
  const near = Number(id.slice(1));
  return [...known].some((one) => one[0] === id[0] && Math.abs(Number(one.slice(1)) - near) <= 3);
}

test('[SEC-1] every attack and fault that a test names stands in the register', () => {
  const known = idsInTests();
  const covered = new Set(RISKS.flatMap(([, , , , attacks = '']) => spelledOut(attacks, known)));
  expect([...known].filter((id) => !covered.has(id)).toSorted()).toEqual([]);
});

test('[SEC-1] the categorization names all of D.14, and what follows', () => {
  const text = read('docs/risk/categorization.md');
  for (const type of ['D.14.1', 'D.14.2', 'D.14.3', 'D.14.4', 'D.14.5']) expect(text).toContain(type);
  expect(text).toContain('SC = {confidentiality: moderate, integrity: high, availability: moderate}');
});

import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { titlesIn } from '../../support/test-titles.ts';
import { SIGNING_ALGORITHMS } from '../../../src/keys/index.ts';
import { SETTINGS, isSetting } from './settings.ts';
import { CONTROLS, rowsOf } from './tables.ts';

const read = (file: string): string => readFileSync(file, 'utf8');

/** Every attack and fault there is. */
const LISTED = read('test/conformance/attack-rows.tsv')
  .split('\n')
  .filter((line) => /^[AF]\d/.test(line))
  .map((line) => line.slice(0, line.indexOf('\t')));
/** Those without a test, and why. */
const REASONS = (parse(read('test/conformance/notes.yaml')) as { threats: Record<string, string> }).threats;
/** What stands in brackets in the title of a test. */
const SHOWN = new Set(
  readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => titlesIn(`test/${name}`))
    .flatMap((title) => [...title.matchAll(/\[([\w-]+)\]/g)].map(([, id]) => id)),
);

const RISKS = rowsOf('docs/risk/register.md').filter(([id]) => id !== 'id');

interface Named {
  readonly id: string;
  readonly isSaidToHaveNoTest: boolean;
}

/** `A001–A020, F33 (no test)`: each of them, and of a range each that is listed, its ends included. */
function spelledOut(cell: string): Named[] {
  return cell.split(', ').flatMap((part) => {
    const [, first = part, last = first, note] =
      /^([AF]\d+|SEC-\d+)(?:–([AF]\d+))?( \(no test\))?$/.exec(part) ?? [];
    const between = LISTED.filter((id) => id[0] === first[0] && id > first && id < last);
    return [...new Set([first, ...between, last])].map((id) => ({
      id,
      isSaidToHaveNoTest: note !== undefined,
    }));
  });
}

test('[SEC-1] the register has a line for each risk, with all that belongs to it', () => {
  expect(RISKS.map(([id]) => id)).toEqual(RISKS.map((_risk, at) => `R${String(at + 1).padStart(2, '0')}`));
  for (const [id, ...cells] of RISKS) {
    const [threat, asset, before, ids, measure, after, controls] = cells;
    expect({ id, cells: cells.length }).toEqual({ id, cells: 7 });
    expect([threat, asset, ids, measure].filter((cell) => !cell || cell === '–')).toEqual([]);
    expect(controls).toMatch(CONTROLS);
    const [was, is] = [before, after].map((cell = '') => {
      expect(cell).toMatch(/^[LMH]\/[LMH]$/);
      return cell.split('/').map((grade) => 'LMH'.indexOf(grade));
    });
    expect(is?.every((grade, at) => grade <= (was?.[at] ?? 0))).toBe(true);
  }
});

test.each(RISKS)('[SEC-1] %s (%s) is tied to titles of tests, or says that there is none', (...cells) => {
  const named = spelledOut(cells[4] ?? '');
  expect(named.map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)).toEqual([]);
  expect(named.filter(({ id }) => !LISTED.includes(id) && !id.startsWith('SEC-'))).toEqual([]);
  expect(named.filter(({ id }) => !SHOWN.has(id) && !(id in REASONS))).toEqual([]);
  expect(named.filter(({ id, isSaidToHaveNoTest }) => isSaidToHaveNoTest === SHOWN.has(id))).toEqual([]);
  expect(named.some(({ id }) => SHOWN.has(id))).toBe(true);
});

test('[SEC-1] every attack and fault that is listed stands in the register, and why one has no test', () => {
  const covered = new Set(RISKS.flatMap(([, , , , ids = '']) => spelledOut(ids)).map(({ id }) => id));
  expect(LISTED.filter((id) => !covered.has(id))).toEqual([]);
  const register = read('docs/risk/register.md').replaceAll(/\s+/g, ' ');
  expect(Object.entries(REASONS).filter(([id, why]) => !register.includes(`**${id}**: ${why}`))).toEqual([]);
});

test('[SEC-1] the categorization names all of D.14, and what follows', () => {
  const types = rowsOf('docs/risk/categorization.md').slice(1);
  expect(types.map(([type = '']) => type.split(' ')[0])).toEqual([
    ...['D.14.1', 'D.14.2', 'D.14.3', 'D.14.4', 'D.14.5', 'C.2.8.9', 'C.3.5.5', 'C.3.5.8'],
  ]);
  const highest = [2, 3, 4].map((column) =>
    types
      .map((cells) => cells[column]?.replaceAll('*', '') ?? '')
      .toSorted(byImpact)
      .at(-1),
  );
  expect(highest).toEqual(['moderate', 'high', 'moderate']);
  expect(read('docs/risk/categorization.md')).toContain(
    'SC = {confidentiality: moderate, integrity: high, availability: moderate}',
  );
});

const IMPACTS = ['low', 'moderate', 'high'];
const byImpact = (one: string, other: string): number => IMPACTS.indexOf(one) - IMPACTS.indexOf(other);

const KEYS_AND_FLOWS = rowsOf('docs/risk/data-and-keys.md');

test('[SEC-1] each secret that is configured has a line in the inventory of keys, and each setting there exists', () => {
  const keys = KEYS_AND_FLOWS.filter((cells) => cells.length === 5).map((cells) => cells.join(' '));
  const named = new Set(
    keys.flatMap((line) => [...line.matchAll(/`(\w+(?:\[\])?\.[\w.[\]]+)`/g)].map(([, name]) => name ?? '')),
  );
  expect([...named].filter((name) => !isSetting(name))).toEqual([]);
  const secrets = [...SETTINGS].filter((name) =>
    /(^secrets\.\w+|secret|password|key|redisUrl|redisCluster\.nodes)$/i.test(name),
  );
  expect(secrets.length).toBeGreaterThan(10);
  expect(secrets.filter((name) => !named.has(name))).toEqual([]);
  for (const algorithm of SIGNING_ALGORITHMS)
    expect(keys.find((line) => line.startsWith('keys that sign tokens'))).toContain(algorithm);
});

test('[SEC-1] each flow of the picture is explained', () => {
  const page = read('docs/risk/data-and-keys.md');
  const picture = /```\n(.*?)```/s.exec(page)?.[1] ?? '';
  const drawn = [...picture.matchAll(/─+ ?(\d+) ?─+/g)].map(([, number]) => Number(number));
  const told = KEYS_AND_FLOWS.filter(([number]) => /^\d+$/.test(number ?? '')).map(([number]) =>
    Number(number),
  );
  expect(told).toEqual(told.map((_number, at) => at + 1));
  expect([...new Set(drawn)].toSorted((one, other) => one - other)).toEqual(told);
});

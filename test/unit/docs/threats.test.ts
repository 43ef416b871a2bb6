import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';

interface Shown {
  readonly at: number;
  readonly title: string;
  readonly place: string;
  readonly isAudited: boolean;
}
type Tests = Map<string, readonly Shown[]>;
interface Tool {
  readonly THREAT: RegExp;
  readonly readTests: (reports: string, root: string, pattern?: RegExp) => Tests;
  readonly threatProblemsOf: (
    notes: { threats: Record<string, string>; threatsShownBy: Record<string, string> },
    tests: Tests,
    rows: readonly { id: string; fate?: string }[],
    looksAtRecords: (place: string) => boolean,
  ) => string[];
}
const tool = async (name: string): Promise<Tool> =>
  (await import(pathToFileURL(path.resolve('tools', name)).href)) as Tool;
const { THREAT, readTests } = await tool('requirement-tests.mjs');
const { threatProblemsOf } = await tool('requirement-notes.mjs');

const PLACE = 'test/protocol/one.test.ts';
const shown = (title: string, isAudited: boolean): Shown => ({ at: 0, title, place: PLACE, isAudited });

describe('what the list of attacks may not say', () => {
  const nothing = { threats: {}, threatsShownBy: {} };
  const judge = (
    fate: string | undefined,
    tests: readonly Shown[],
    {
      notes = nothing,
      looks = true,
    }: { notes?: Parameters<Tool['threatProblemsOf']>[0]; looks?: boolean } = {},
  ): string[] => {
    const row = { id: 'A001', ...(fate === undefined ? {} : { fate }) };
    return threatProblemsOf(notes, new Map(tests.length > 0 ? [['A001', tests]] : []), [row], () => looks);
  };

  test('of a refused one a passed test has to assert the record; of any other it need not', () => {
    expect(judge('refused', [shown('x', false), shown('y', true)])).toEqual([]);
    expect(judge('refused', [shown('x', false)])).toEqual([
      'A001 is refused, and no passed test titled [audited] asserts that it is on record',
    ]);
    for (const fate of ['answered', 'absent', 'counted', 'below', 'operator'])
      expect(judge(fate, [shown('x', false)])).toEqual([]);
  });

  test('what becomes of an attack is said, in a word that there is', () => {
    expect(judge('forgotten', [shown('x', true)])).toEqual([
      expect.stringMatching(/^A001: .* forgotten; say/),
    ]);
    expect(judge(undefined, [shown('x', true)])).toEqual([expect.stringMatching(/not said/)]);
    const fault = [{ id: 'F01' }];
    const tests = new Map([['F01', [shown('x', false)]]]);
    expect(threatProblemsOf(nothing, tests, fault, () => true)).toEqual([]);
  });

  test('the word [audited] alone is not enough: its file has to look at records', () => {
    expect(judge('refused', [shown('x', true)], { looks: false })).toEqual([
      `${PLACE} has tests titled [audited], and looks at no record`,
    ]);
  });

  test('each has a test or a reason, never both, and is shown by a test that it has', () => {
    const notes = (threats: object, threatsShownBy: object = {}) =>
      ({ threats, threatsShownBy }) as Parameters<Tool['threatProblemsOf']>[0];
    expect(judge('answered', [])).toEqual(['A001 has no test and no reason']);
    expect(judge('answered', [], { notes: notes({ A001: 'a reason' }) })).toEqual([]);
    expect(judge('answered', [shown('x', false)], { notes: notes({ A001: 'a reason' }) })).toEqual([
      'A001 is tested, and has a reason why not',
    ]);
    expect(judge('answered', [shown('x', false)], { notes: notes({}, { A001: 'x' }) })).toEqual([]);
    expect(judge('answered', [shown('x', false)], { notes: notes({}, { A001: 'z' }) })).toEqual([
      expect.stringMatching(/^A001 is to be shown by “z”/),
    ]);
  });
});

describe('what is read from the reports', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-reports-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('a title with [audited] counts as such, and the word is no part of what is shown; a failed test counts for nothing', () => {
    const assertionResults = [
      { status: 'passed', title: '[A001] [audited] an app nobody knows' },
      { status: 'passed', title: '[A001] [A002] without' },
      { status: 'failed', title: '[A003] [audited] broken' },
    ];
    const report = { testResults: [{ name: path.join(dir, PLACE), assertionResults }] };
    writeFileSync(path.join(dir, 'test-protocol.json'), JSON.stringify(report));
    const tests = readTests(dir, dir, THREAT);
    expect([...tests.keys()]).toEqual(['A001', 'A002']);
    expect(tests.get('A001')?.map(({ title, isAudited }) => [title, isAudited])).toEqual([
      ['an app nobody knows', true],
      ['without', false],
    ]);
  });
});

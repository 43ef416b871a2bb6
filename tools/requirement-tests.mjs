// Which passed tests name which requirement, read from jest's own reports; and which of them stands in docs/conformance.md.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const REQUIREMENT = /\[([A-Z][A-Z0-9]*-\d{2})\]/g;
/** Of an attack or a fault: see test/conformance/attack-rows.tsv. */
export const THREAT = /\[(A\d{3}|F\d{2})\]/g;
/** In the title of a test that asserts what is on record of a refusal. */
const AUDITED = '[audited]';
/** What shows most first: a whole server over the wire, then a rule by itself, then a store by itself. */
const KINDS = ['protocol', 'e2e', 'unit', 'contract'];

/** Passed tests by what their title names, a requirement or a threat; the one that shows most first. */
export function readTests(reports, root, pattern = REQUIREMENT) {
  const found = new Map();
  for (const file of readdirSync(reports).filter((name) => /^test-.*\.json$/.test(name))) {
    for (const suite of JSON.parse(readFileSync(path.join(reports, file), 'utf8')).testResults) {
      const place = path.relative(root, suite.name).split(path.sep).join('/');
      for (const test of suite.assertionResults.filter(({ status }) => status === 'passed'))
        for (const [id, shown] of namedBy(test.title, place, pattern))
          found.set(id, [...(found.get(id) ?? []), shown]);
    }
  }
  for (const tests of found.values()) tests.sort(inOrder);
  return found;
}

function namedBy(title, place, pattern) {
  const bare = title.replace(/(\[[^\]]+\]\s*)+/, '');
  const isAudited = title.includes(AUDITED);
  return [...title.matchAll(pattern)].map(([, id], at) => [id, { at, title: bare, place, isAudited }]);
}

/** jest runs suites in any order; the page must not. */
function inOrder(one, other) {
  const [first, second] = [orderOf(one), orderOf(other)];
  return first < second ? -1 : Number(first > second);
}

/** Over the wire before all else, and of those the ones whose title begins with the row. */
function orderOf({ at, title, place }) {
  const kind = KINDS.indexOf(place.split('/')[1] ?? '');
  const wire = kind === 0 || kind === 1;
  const rank = wire ? 0 : kind < 0 ? KINDS.length : kind;
  return `${rank}${at === 0 ? 0 : 1}\0${place}\0${title}`;
}

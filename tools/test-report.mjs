// The tests that ran, by the rows they name, for programs: reports/tests.json, which `npm run build` puts into dist and
// `gatehouse evidence` into its bundle. It is of one commit, and says of which.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { REPORT } from './ready.mjs';

/** All that a title names: requirements, attacks, faults, and the features SEC-1 to SEC-13. */
const NAMED = /\[([A-Z][A-Z0-9]*-\d{1,2}|A\d{3}|F\d{2})\]/g;

export function writeTestReport(reports, root) {
  const suites = readdirSync(reports)
    .filter((name) => /^test-.*\.json$/.test(name))
    .flatMap((name) => JSON.parse(readFileSync(path.join(reports, name), 'utf8')).testResults);
  const tests = suites.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, fullName, status }) => ({
      ids: [...title.matchAll(NAMED)].map(([, id]) => id),
      ...{ file: path.relative(root, name).split(path.sep).join('/'), title: fullName, status },
    })),
  );
  const byId = {};
  for (const { ids, ...test } of tests) for (const id of ids) (byId[id] ??= []).push(test);
  const rows = Object.entries(byId).toSorted(([one], [other]) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  for (const [, all] of rows)
    all.sort((one, other) => (one.file + one.title < other.file + other.title ? -1 : 1));
  const many = (wanted) => tests.filter(({ status }) => status === wanted).length;
  const head = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  const report = {
    ...(head.status === 0 ? { commit: head.stdout.trim() } : {}),
    ...{ passed: many('passed'), failed: many('failed') },
    rows: Object.fromEntries(rows),
  };
  writeFileSync(path.join(root, REPORT), `${JSON.stringify(report, null, 1)}\n`);
}

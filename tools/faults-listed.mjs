// The listed faults (F01 to F35) as tests: runs those that name one and need no other machine, and says how each went.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { jest, runStep } from './run.mjs';

const SUITES = [
  'test/protocol/faults',
  'test/protocol/nodes/races',
  'test/protocol/restart/store',
  'test/protocol/management/store-safety',
  'test/protocol/client-keys/fetching',
  'test/contract/failover',
  'test/contract/redis-users',
  'test/e2e/one-server',
];
const FAULT = /\[(F\d{2})\]/g;

/** @returns whether each of them went as it should */
export function playListed(node) {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-faults-'));
  try {
    const report = path.join(dir, 'report.json');
    const rest = ['--testPathIgnorePatterns', 'faults/schedules', '--json', `--outputFile=${report}`];
    const [first, ...others] = SUITES;
    const isWell = runStep(node, 'listed faults', node, jest(first, ...others, ...rest));
    process.stdout.write(table(JSON.parse(readFileSync(report, 'utf8')).testResults));
    return isWell;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function table(suites) {
  const rows = new Map();
  for (const { title, status } of suites.flatMap(({ assertionResults }) => assertionResults)) {
    for (const id of new Set(Array.from(title.matchAll(FAULT), ([, found]) => found))) {
      const row = rows.get(id) ?? { passed: 0, failed: [] };
      if (status === 'passed') row.passed += 1;
      else row.failed.push(title);
      rows.set(id, row);
    }
  }
  const lines = [...rows].sort().map(([id, { passed, failed }]) => {
    const tests = `${passed + failed.length} test${passed + failed.length === 1 ? '' : 's'}`;
    return `${id}  ${failed.length === 0 ? 'pass' : 'FAIL'}  ${tests}${failed.map((title) => `\n       ${title}`).join('')}`;
  });
  return `\n${lines.join('\n')}\n\n`;
}

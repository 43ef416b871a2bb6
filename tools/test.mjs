// `npm test`: sets up what is missing, then everything: the checks, and all tests with a real Redis and a real Chromium.
// Ends with `N passed, N failed`. Where Redis or Chromium cannot be had, says which suites did not run; in CI that fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { ROOT, makeReady } from './ready.mjs';
import { jest, runStep, runSteps, sideBySide, staticSteps } from './run.mjs';

const NEEDS = [
  {
    name: 'Redis',
    debian: ['redis-server'],
    isThere: () => onPath('redis-server'),
    suites: ['test/contract', 'test/protocol', 'test/e2e'],
  },
  {
    name: 'Chromium',
    debian: ['chromium', 'fonts-dejavu-core'],
    isThere: () => onPath('chromium') || onPath('chromium-browser') || onPath('google-chrome'),
    suites: ['test/views', 'test/e2e'],
  },
];
/** What `npm run requirements` reads. */
const REPORTS = path.join(ROOT, 'reports');
const SUITES = ['test/unit', 'test/contract', 'test/protocol', 'test/views', 'test/e2e'];

const node = makeReady();
const skipped = new Set(NEEDS.filter((need) => !provide(need)).flatMap(({ suites }) => suites));
let failedSteps = (await runSteps(node, staticSteps())).length;

const totals = { passed: 0, failed: 0, pending: 0 };
for (const suite of SUITES) if (!skipped.has(suite)) add(runSuite(suite));
finish();

function onPath(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Is it there, or can it be put there? Only root on Debian installs; elsewhere its owner is told how. */
function provide({ name, debian, isThere, suites }) {
  if (isThere()) return true;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stdout.write(`Installing ${name} (${debian.join(', ')}) …\n`);
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...debian], quiet);
    if (isThere()) return true;
  }
  process.stdout.write(
    `${name} is not installed: ${suites.join(', ')} will not run. On Debian: apt-get install ${debian.join(' ')}\n`,
  );
  return false;
}

/** Runs one folder of tests and reads its totals from jest's own report. */
function runSuite(suite) {
  mkdirSync(REPORTS, { recursive: true });
  const report = path.join(REPORTS, `${suite.replace('/', '-')}.json`);
  rmSync(report, { force: true });
  // Node has been seen to count a timer that there was none of, and then to wait for it for ever; what tests start they end.
  const args = jest(
    suite,
    '--json',
    `--outputFile=${report}`,
    '--testLocationInResults',
    '--forceExit',
    ...sideBySide(suite),
  );
  const ok = runStep(node, suite, node, args);
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  if (!result) return { passed: 0, failed: 1, pending: 0 };
  const brokenSuites = result.numRuntimeErrorTestSuites;
  const failed = result.numFailedTests + brokenSuites;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && !ok ? 1 : failed,
    pending: result.numPendingTests + result.numTodoTests,
  };
}

function add({ passed, failed, pending }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.pending += pending;
}

/** The page of requirements must say what these tests have just shown. Only where all of them ran can that be told. */
function checkConformance() {
  if (skipped.size > 0 || totals.failed > 0) return;
  if (!runStep(node, 'requirements', node, ['tools/requirements.mjs', '--check'])) failedSteps += 1;
}

function finish() {
  checkConformance();
  const isCi = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
  if (skipped.size > 0) process.stdout.write(`\nNot run: ${[...skipped].join(', ')}\n`);
  if (totals.pending > 0) process.stdout.write(`\n${totals.pending} test(s) were skipped\n`);
  const missed = isCi ? skipped.size + totals.pending : 0;
  const failed = totals.failed + failedSteps + missed;
  process.stdout.write(`\n${totals.passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 && totals.passed > 0 ? 0 : 1);
}

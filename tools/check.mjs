// `npm run check`: format, lint, types, import direction, dead code, unit tests. Before every commit; at most 90 s.
import { makeReady } from './ready.mjs';
import { jest, runStep, runSteps, sideBySide, staticSteps } from './run.mjs';

const node = makeReady();
const started = Date.now();
const failed = await runSteps(node, staticSteps());
if (failed.length > 0) fail(failed);
if (!runStep(node, 'unit tests', node, jest('test/unit', ...sideBySide('test/unit')))) fail(['unit tests']);
process.stdout.write(`\ncheck passed in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);

function fail(names) {
  process.stdout.write(`\nfailed: ${names.join(', ')}\n`);
  process.exit(1);
}

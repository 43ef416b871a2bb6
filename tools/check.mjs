// `npm run check`: format, lint, types, import direction, dead code, unit tests. Before every commit; at most 90 s.
import { makeReady } from './ready.mjs';
import { jest, runStep, staticSteps } from './run.mjs';

const node = makeReady();
const steps = [...staticSteps(), ['unit tests', node, jest('test/unit')]];
const started = Date.now();
for (const [name, command, args] of steps) if (!runStep(node, name, command, args)) process.exit(1);
process.stdout.write(`\ncheck passed in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);

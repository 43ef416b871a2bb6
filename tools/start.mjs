// `npm start`: sets up what is missing and runs the demo, straight from the sources.
import { spawn } from 'node:child_process';
import path from 'node:path';

import { ROOT, makeReady } from './ready.mjs';

const node = makeReady();
const main = path.join(ROOT, 'src', 'main.ts');
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// Ctrl+C reaches the demo by itself; we wait for it to end. Other signals are passed on.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

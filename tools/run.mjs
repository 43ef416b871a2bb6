// Runs steps one after the other, says how long each took, and stops at the first that fails.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { ROOT } from './ready.mjs';

export const BIN = path.join(ROOT, 'node_modules', '.bin');

/** The environment of every step: our own tools and our own Node first. */
export function stepEnvironment(node) {
  const PATH = [path.dirname(node), BIN, process.env.PATH].join(path.delimiter);
  return { ...process.env, PATH, FORCE_COLOR: process.env.FORCE_COLOR ?? '0' };
}

/** Whatever takes longer hangs. A test that leaves something open must not hold up everything after it. */
const LONGEST_MS = 20 * 60_000;

/** Runs one step with its output shown; returns whether it passed. */
export function runStep(node, name, command, args) {
  const started = Date.now();
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: stepEnvironment(node),
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  return status === 0;
}

/** The arguments that run jest on Node's own type stripping. */
export function jest(...args) {
  return [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...args,
  ];
}

/** What can be said about the code without running the server. */
export function staticSteps() {
  return [
    ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
    ['lint', 'eslint', ['--max-warnings', '0', 'src', 'test']],
    ['types', 'tsc', ['-p', 'tsconfig.check.json', '--noEmit']],
    ['import direction', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'src']],
    ['dead code', 'knip', ['--no-config-hints']],
  ];
}

// Runs steps, one after the other or two at a time, and says how long each took and whether it passed.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
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
  process.stdout.write(ended(name, status === 0, started));
  return status === 0;
}

function ended(name, isWell, started) {
  return `── ${name}: ${isWell ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`;
}

/** Runs steps two at a time, each with its output in one piece when it has ended; returns the names of those that failed. */
export async function runSteps(node, steps) {
  const waiting = [...steps];
  const failed = [];
  const work = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const { isWell, said } = await captured(node, ...step);
      process.stdout.write(said);
      if (!isWell) failed.push(step[0]);
    }
  };
  await Promise.all([work(), work()]);
  return failed;
}

function captured(node, name, command, args) {
  const started = Date.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: stepEnvironment(node),
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const hear = (chunk) => (output += chunk);
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve) => {
    const end = (isWell, more = '') =>
      resolve({ isWell, said: `\n── ${name}\n${output}${more}${ended(name, isWell, started)}` });
    child.on('error', (error) => end(false, `${error.message}\n`));
    child.on('close', (code) => end(code === 0));
  });
}

/**
 * Tests mostly wait for others, so that two at a time are fast on one core too; those of stores and protocols wait even more.
 * What a file of tests loaded is not given back by the process that ran it: one that has grown is replaced.
 */
export function sideBySide(suite) {
  const workers = Math.max(2, availableParallelism() - 1) + (WAIT_MORE.has(suite) ? 1 : 0);
  return [`--maxWorkers=${workers}`, '--workerIdleMemoryLimit=1GB'];
}

const WAIT_MORE = new Set(['test/contract', 'test/protocol']);

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

// `npm run fuzz`: tries every promise about scopes (test/fuzz) on random inputs, a million for the one that matters most:
// what is granted was requested, is registered, is within the user's rights, and was approved. An input that takes longer than
// its length explains fails it too.
//   npm run fuzz -- --runs 1000000 --seed 7      the same seed tries the same inputs, on any machine
//   npm run fuzz -- --only granted --seed 7 --path 12:3      one property; a path goes straight to a counter-example
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT, fail, makeReady } from './ready.mjs';

const PROGRESS_MS = 5000;
const SHOWN_CHARACTERS = 300;
/** What no input may take for each of its characters: some twenty times what the slowest takes while time grows as inputs do. */
const MOST_MS_PER_CHARACTER = 1;

const orders = readOrders();
const node = makeReady();
const workers = orders.path === undefined ? Math.min(availableParallelism(), 8) : 1;
const state = { planned: 0, done: 0, failure: undefined, names: undefined, slowest: { seconds: 0 } };
const started = Date.now();

process.stdout.write(
  `fuzzing scopes: seed ${orders.seed}, ${orders.runs} runs of the main property, ${workers} processes\n`,
);
const children = Array.from({ length: workers }, (_, worker) => startWorker(worker));
const timer = setInterval(showProgress, PROGRESS_MS);
const codes = await Promise.all(children.map(({ ended }) => ended));
clearInterval(timer);
finish();

function readOrders() {
  const text = { type: 'string' };
  const options = { runs: text, seed: text, only: text, path: text };
  const { values } = parseArgs({ options });
  const runs = Number(values.runs ?? 1_000_000);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isInteger(runs) || runs < 1) fail('--runs is a whole number of inputs, one or more');
  if (!Number.isInteger(seed)) fail('--seed is a whole number');
  if (values.path !== undefined && values.only === undefined) fail('--path goes with --only');
  return { runs, seed, only: values.only, path: values.path };
}

function startWorker(worker) {
  const file = path.join(ROOT, 'test', 'fuzz', 'worker.ts');
  const args = [
    '--disable-warning=ExperimentalWarning',
    file,
    JSON.stringify({ ...orders, worker, workers }),
  ];
  const child = spawn(node, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.on('message', take);
  const ended = new Promise((resolve) => child.on('close', resolve));
  return { child, ended };
}

function take(message) {
  if (message.type === 'plan') state.planned += message.runs;
  if (message.type === 'done') state.done += message.runs;
  if (message.type === 'slowest' && message.seconds > state.slowest.seconds) state.slowest = message;
  if (message.type === 'no-such-property') state.names = message.names;
  if (message.type !== 'failure' || state.failure) return;
  state.failure = message;
  for (const { child } of children) child.kill();
}

function rate() {
  return Math.round(state.done / Math.max(0.001, (Date.now() - started) / 1000));
}

function showProgress() {
  const percent = Math.floor((100 * state.done) / Math.max(1, state.planned));
  process.stdout.write(`${state.done} of ${state.planned} runs (${percent} %), ${rate()} a second\n`);
}

function finish() {
  if (state.names) fail(`there is no property ${orders.only}; there are: ${state.names.join(', ')}`);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (state.failure) {
    const { name, seed, path: place, message } = state.failure;
    const again = `npm run fuzz -- --only ${name} --seed ${seed} --path ${place}`;
    fail(`\n${name} does not hold\n\n${message}\n\nTo see it again: ${again}`);
  }
  if (codes.some((code) => code !== 0)) fail('a fuzzing process ended early; the lines above say why');
  process.stdout.write(
    `every property held: ${state.done} runs in ${seconds} s, ${rate()} a second, seed ${orders.seed}\n`,
  );
  judgeSlowest(state.slowest);
}

/** The slowest input is shown always, and refused when it took longer than its length explains. */
function judgeSlowest({ name, seconds, input }) {
  const text = JSON.stringify(input) ?? '';
  const took = seconds * 1000;
  const perCharacter = took / Math.max(1, text.length);
  const shown = `${took.toFixed(1)} ms for ${text.length} characters, in ${name}: ${text.slice(0, SHOWN_CHARACTERS)}`;
  process.stdout.write(`slowest input: ${shown}\n`);
  if (perCharacter > MOST_MS_PER_CHARACTER)
    fail(`that is ${perCharacter.toFixed(2)} ms a character; ${MOST_MS_PER_CHARACTER} is the most`);
}

// `npm run faults`: random schedules of faults between Gatehouse and a real Redis, and whether what clients were told fits
// together afterwards (test/faults): single use, revoke is final, no answer that is wrong because the store was away.
//   npm run faults -- --seed 7 --from 120 --count 1      one schedule again: it depends on seed and number alone
//   npm run faults -- --long      10 000 schedules
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT, fail, makeReady } from './ready.mjs';

const PROGRESS_MS = 5000;
const SCHEDULES = 100;
/** A schedule waits most of its time. */
const PROCESSES_PER_CORE = 2;
const LONG_SCHEDULES = 10_000;

const orders = readOrders();
const node = makeReady();
const workers = Math.min(orders.count, orders.workers);
const state = { done: 0, operations: 0, violated: 0, gaps: 0 };
const started = Date.now();

process.stdout.write(
  `faults: seed ${orders.seed}, schedules ${orders.from} to ${orders.from + orders.count - 1}, ${workers} processes\n`,
);
const children = Array.from({ length: workers }, (_, worker) => startWorker(worker));
const timer = setInterval(showProgress, PROGRESS_MS);
const codes = await Promise.all(children);
clearInterval(timer);
finish();

function readOrders() {
  const text = { type: 'string' };
  const options = { seed: text, from: text, count: text, workers: text, long: { type: 'boolean' } };
  const { values } = parseArgs({ options });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const from = Number(values.from ?? 0);
  const count = Number(values.count ?? (values.long ? LONG_SCHEDULES : SCHEDULES));
  const inParallel = Number(values.workers ?? Math.min(PROCESSES_PER_CORE * availableParallelism(), 16));
  if (!Number.isInteger(seed)) fail('--seed is a whole number');
  if (!Number.isInteger(from) || from < 0) fail('--from is the number of a schedule, 0 or more');
  if (!Number.isInteger(count) || count < 1) fail('--count is a whole number of schedules, one or more');
  if (!Number.isInteger(inParallel) || inParallel < 1)
    fail('--workers is a number of processes, one or more');
  return { seed, from, count, workers: inParallel };
}

function startWorker(worker) {
  const file = path.join(ROOT, 'test', 'faults', 'worker.ts');
  const given = JSON.stringify({ ...orders, worker, workers });
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', file, given], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', take);
  return new Promise((resolve) => child.on('close', resolve));
}

function take({ index, operations, violations, gaps, history }) {
  state.done += 1;
  state.operations += operations;
  state.gaps += gaps.length;
  for (const gap of gaps) process.stdout.write(`schedule ${index}: ${gap}\n`);
  if (violations.length === 0) return;
  state.violated += 1;
  const again = `npm run faults -- --seed ${orders.seed} --from ${index} --count 1`;
  process.stdout.write(
    `\nschedule ${index} shows what must not be:\n  ${violations.join('\n  ')}\n${history}\nTo see it again: ${again}\n\n`,
  );
}

function rate() {
  return (state.done / Math.max(0.001, (Date.now() - started) / 1000)).toFixed(2);
}

function showProgress() {
  process.stdout.write(
    `${state.done} of ${orders.count} schedules, ${rate()} a second, ${state.operations} requests, ${state.violated} violated\n`,
  );
}

function finish() {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const did = `${state.done} schedules in ${seconds} s, ${rate()} a second, ${state.operations} requests, ${state.gaps} known gaps, seed ${orders.seed}`;
  if (state.violated > 0) fail(`${state.violated} of ${did} showed what must not be`);
  if (codes.some((code) => code !== 0)) fail('a process ended early; the lines above say why');
  process.stdout.write(`nothing that must not be: ${did}\n`);
}

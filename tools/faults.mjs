// `npm run faults`: first the listed faults, one test each (test/protocol/faults and its neighbours), and a table of them;
// then random schedules of faults between Gatehouse and a real Redis, and whether what clients were told fits together
// afterwards (test/faults): single use, revoke is final, no answer that is wrong because the store was away.
//   npm run faults -- --listed-only         or --schedules-only
//   npm run faults -- --schedules-only --seed 7 --from 120 --count 1      one schedule again: seed and number say it all
//   npm run faults -- --audit     kills a server 200 times while it gives out tokens: is each in the audit log? (--count, --seed)
//   npm run faults -- --long      10 000 schedules
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { playAuditKills } from './faults-audit.mjs';
import { playListed } from './faults-listed.mjs';
import { ROOT, fail, makeReady } from './ready.mjs';

const PROGRESS_MS = 5000;
const SCHEDULES = 100;
/** At once in one process, each with a Redis and nodes of its own: a schedule waits most of its time. */
const STACKS = 8;
const LONG_SCHEDULES = 10_000;
const AUDIT_KILLS = 200;

const orders = readOrders();
const node = makeReady();
if (orders.audit) {
  if (!(await playAuditKills(node, orders)))
    fail('the audit log is not as it should be; the lines above say how');
  process.exit();
}
const listed = orders.listed ? playListed(node) : true;
if (orders.schedules) await playSchedules();
if (!listed) fail('a listed fault is not met as it should be; the lines above say which');

async function playSchedules() {
  const workers = Math.min(orders.count, orders.workers);
  const stacks = Math.min(orders.stacks, Math.ceil(orders.count / workers));
  const last = orders.from + orders.count - 1;
  process.stdout.write(
    `faults: seed ${orders.seed}, schedules ${orders.from} to ${last}, ${workers} processes with ${stacks} stacks each\n`,
  );
  const state = { done: 0, operations: 0, violated: 0, gaps: 0, started: Date.now() };
  const children = Array.from({ length: workers }, (_, worker) =>
    startWorker({ ...orders, worker, workers, stacks }, (result) => take(state, result)),
  );
  const timer = setInterval(() => showProgress(state), PROGRESS_MS);
  const codes = await Promise.all(children);
  clearInterval(timer);
  finish(state, codes);
}

function readOrders() {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }];
  const numbers = { seed: text, from: text, count: text, workers: text, stacks: text };
  const { values } = parseArgs({
    options: { ...numbers, long: flag, audit: flag, 'listed-only': flag, 'schedules-only': flag },
  });
  const whole = (name, usual, least) => {
    const value = Number(values[name] ?? usual);
    if (!Number.isInteger(value) || value < least) fail(`--${name} is a whole number, ${least} or more`);
    return value;
  };
  const usual = values.audit ? AUDIT_KILLS : SCHEDULES;
  return {
    audit: values.audit,
    seed: whole('seed', Math.floor(Math.random() * 2 ** 31), -(2 ** 31)),
    from: whole('from', 0, 0),
    count: whole('count', values.long ? LONG_SCHEDULES : usual, 1),
    workers: whole('workers', Math.min(availableParallelism(), 16), 1),
    stacks: whole('stacks', STACKS, 1),
    listed: !values['schedules-only'],
    schedules: !values['listed-only'],
  };
}

function startWorker(given, onResult) {
  const file = path.join(ROOT, 'test', 'faults', 'worker.ts');
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', file, JSON.stringify(given)], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', onResult);
  return new Promise((resolve) => child.on('close', resolve));
}

function take(state, { index, operations, violations, gaps, history }) {
  state.done += 1;
  state.operations += operations;
  state.gaps += gaps.length;
  for (const gap of gaps) process.stdout.write(`schedule ${index}: ${gap}\n`);
  if (violations.length === 0) return;
  state.violated += 1;
  const again = `npm run faults -- --schedules-only --seed ${orders.seed} --from ${index} --count 1`;
  process.stdout.write(
    `\nschedule ${index} shows what must not be:\n  ${violations.join('\n  ')}\n${history}\nTo see it again: ${again}\n\n`,
  );
}

function rate({ done, started }) {
  return (done / Math.max(0.001, (Date.now() - started) / 1000)).toFixed(2);
}

function showProgress(state) {
  const { done, operations, violated } = state;
  process.stdout.write(
    `${done} of ${orders.count} schedules, ${rate(state)} a second, ${operations} requests, ${violated} violated\n`,
  );
}

function finish(state, codes) {
  const seconds = ((Date.now() - state.started) / 1000).toFixed(1);
  const did = `${state.done} schedules in ${seconds} s, ${rate(state)} a second, ${state.operations} requests, ${state.gaps} known gaps, seed ${orders.seed}`;
  if (state.violated > 0) fail(`${state.violated} of ${did} showed what must not be`);
  if (codes.some((code) => code !== 0)) fail('a process ended early; the lines above say why');
  process.stdout.write(`nothing that must not be: ${did}\n`);
}

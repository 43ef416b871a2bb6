// `npm run bench -- store`: what tokens and grants take in Redis, and how often each flow asks it; see test/bench/store.ts.
// `npm run bench -- screens`: what sign-in, picker and consent cost; see test/bench/screens.ts.
// `npm run bench -- audit`: what the audit log costs a code exchange, a token and an introspection; see test/bench/audit.ts.
// `npm run bench -- start`: how long from process start to the first 200 on all three ports of the demo, and how much
// memory `serve` holds, with built code. Prints medians and writes every figure to bench-results/start.json.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ROOT, fail, makeReady } from './ready.mjs';

const ROUNDS = 7;
const SETTLE_MS = 2000;
const [bench = 'start'] = process.argv.slice(2);
const IN_TEST = ['store', 'introspection', 'token', 'audit', 'resource-server', 'gateway', 'screens'];
if (!['start', ...IN_TEST].includes(bench))
  fail(`there is no bench ${bench}; there are: start, ${IN_TEST.join(', ')}`);

const node = makeReady();
if (IN_TEST.includes(bench)) {
  const file = path.join(ROOT, 'test', 'bench', `${bench}.ts`);
  const args = ['--disable-warning=ExperimentalWarning', file, ...process.argv.slice(3)];
  process.exit(spawnSync(node, args, { stdio: 'inherit', cwd: ROOT }).status ?? 1);
}
if (spawnSync(node, [path.join(ROOT, 'tools', 'build.mjs')], { stdio: 'inherit' }).status !== 0)
  process.exit(1);
const main = path.join(ROOT, 'dist', 'main.js');

const starts = [];
for (let round = 0; round < ROUNDS; round += 1) starts.push(await timeDemo());
const memory = [];
for (let round = 0; round < 3; round += 1) memory.push(await measureServe());

const figures = {
  at: new Date().toISOString(),
  node: spawnSync(node, ['--version']).stdout.toString().trim(),
  demoStartMs: summary(starts),
  serveResidentMiB: summary(memory),
  bars: { demoStartMs: 2000, serveResidentMiB: 150 },
};
mkdirSync(path.join(ROOT, 'bench-results'), { recursive: true });
const file = path.join(ROOT, 'bench-results', 'start.json');
writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
process.stdout.write(
  `demo: first 200 on all three ports after ${figures.demoStartMs.median} ms (bar 2000)\n` +
    `serve: ${figures.serveResidentMiB.median} MiB resident after start (bar 150)\n` +
    `written to ${path.relative(process.cwd(), file)}\n` +
    `${JSON.stringify({ demo_start_of_bar: of(figures.demoStartMs, 2000), serve_memory_of_bar: of(figures.serveResidentMiB, 150) })}\n`,
);

function of({ median }, bar) {
  return Number((median / bar).toFixed(3));
}

/** The first round makes keys and people; it is timed like the others, and is the slowest. */
async function timeDemo() {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-bench-'));
  const [server, fhir, apps, management] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const ports = [
    '--port',
    server,
    '--fhir-port',
    fhir,
    '--apps-port',
    apps,
    '--management-port',
    management,
  ].map(String);
  const started = performance.now();
  const child = spawn(node, [main, 'demo', '--data-dir', dir, ...ports], { stdio: 'ignore' });
  const pages = [
    `http://localhost:${server}/.well-known/openid-configuration`,
    `http://localhost:${fhir}/fhir/metadata`,
    `http://localhost:${apps}/`,
  ];
  await Promise.all(pages.map(firstOk));
  const ms = Math.round(performance.now() - started);
  await end(child);
  rmSync(dir, { recursive: true, force: true });
  return ms;
}

async function measureServe() {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-bench-'));
  const [port, management] = await Promise.all([freePort(), freePort()]);
  const secret = 'only-for-this-bench-'.repeat(3);
  const config = path.join(dir, 'config.yaml');
  writeFileSync(
    config,
    `issuer: http://localhost:${port}
listen: { port: ${port} }
management: { port: ${management} }
store: { dataDir: ${dir} }
secrets: { store: ${secret}, cookies: [${secret}] }
fhirServers: [{ id: main, url: http://localhost:1/fhir }]
`,
  );
  const child = spawn(node, [main, 'serve', '--config', config], { stdio: 'ignore' });
  await firstOk(`http://127.0.0.1:${management}/health/ready`);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  await end(child);
  rmSync(dir, { recursive: true, force: true });
  return Math.round(kib / 1024);
}

async function firstOk(url) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      if ((await fetch(url)).status === 200) return;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) fail(`${url} did not answer`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function end(child) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1), all: values };
}

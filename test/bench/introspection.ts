// `npm run bench -- introspection`: what answering a FHIR server costs, beside a bare Koa route that asks Redis one thing and
// beside stock oidc-provider. All in one run, round after round; CPU time as the server's process has it. Prints a table,
// writes bench-results/introspection.json, and ends with one line of JSON.
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startRedis } from '../support/redis-server.ts';
import { load, type LoadResult } from './load.ts';
import { STOCK_RS } from './stock.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    requests: { type: 'string', default: '20000' },
    tokens: { type: 'string', default: '500' },
    many: { type: 'string', default: '0' },
    heap: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const REQUESTS = Number(values.requests);
const TOKENS = Number(values.tokens);
const CONNECTIONS = 32;
const RATE = 1000;
const CORES = availableParallelism() > 1;
let databases = 0;

interface Server {
  readonly name: string;
  readonly port: number;
  readonly tokens: readonly string[];
  readonly child: ChildProcess;
}
interface Usage {
  readonly cpuMicros: number;
  readonly heapBytes: number;
}
interface Shot extends LoadResult {
  readonly cpuMicrosPerRequest: number;
}

const redis = await startRedis();
pin(redis.pid, 1);
pin(process.pid, 1);
const AUTHORIZATION = `Basic ${Buffer.from(`${STOCK_RS.id}:${STOCK_RS.secret}`).toString('base64')}`;
const figures: Record<string, unknown> = {
  at: new Date().toISOString(),
  node: process.version,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  ...{ rounds: ROUNDS, requests: REQUESTS, connections: CONNECTIONS, tokens: TOKENS },
};
const ratios: Record<string, number> = {};

await compare();
if (Number(values.many) > 0) await compareSizes(Number(values.many));
if (values.heap) await watchHeap();
await redis.stop();
mkdirSync('bench-results', { recursive: true });
writeFileSync('bench-results/introspection.json', `${JSON.stringify({ ...figures, ratios }, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(ratios)}\n`);

async function compare(): Promise<void> {
  const names = ['koa-get', 'koa-get-bodyparser', 'stock', 'ours', 'ours-repeat'];
  const servers: Server[] = [];
  for (const name of names) servers.push(await startServer(name, TOKENS));
  for (const server of servers) await shoot(server, REQUESTS / 2);
  const rounds: Record<string, Shot>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const shots: Record<string, Shot> = {};
    for (const server of servers) shots[server.name] = await shoot(server, REQUESTS);
    rounds.push(shots);
  }
  for (const { child } of servers) child.disconnect();
  const median = (name: string): number => middle(rounds.map((shots) => shots[name]!.cpuMicrosPerRequest));
  const ratio = (one: string, other: string): number =>
    Number(
      middle(
        rounds.map((shots) => shots[one]!.cpuMicrosPerRequest / shots[other]!.cpuMicrosPerRequest),
      ).toFixed(3),
    );
  figures['cpuMicrosPerRequest'] = Object.fromEntries(
    names.map((name) => [name, Number(median(name).toFixed(1))]),
  );
  Object.assign(ratios, {
    cpu_vs_koa_get: ratio('ours', 'koa-get'),
    cpu_vs_koa_get_repeat: ratio('ours-repeat', 'koa-get'),
    cpu_vs_koa_get_bodyparser: ratio('ours', 'koa-get-bodyparser'),
    cpu_vs_koa_get_bodyparser_repeat: ratio('ours-repeat', 'koa-get-bodyparser'),
    stock_cpu_vs_ours: ratio('stock', 'ours'),
    stock_cpu_vs_ours_repeat: ratio('stock', 'ours-repeat'),
  });
  for (const name of names) {
    const last = rounds.at(-1)![name]!;
    const perSecond = Math.round(last.requests / last.seconds);
    process.stdout.write(
      `${name.padEnd(20)} ${median(name).toFixed(1).padStart(6)} µs CPU a request, ${perSecond} a second, ${last.failed} failed\n`,
    );
  }
}

/** Does it matter how many tokens live? With the value cache off, at a rate that leaves the server time. */
async function compareSizes(many: number): Promise<void> {
  const few = await startServer('ours', 1000);
  const full = await startServer('ours', 20_000, many - 20_000);
  const rounds: { few: Shot; full: Shot }[] = [];
  for (const server of [few, full]) await shoot(server, REQUESTS / 2);
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push({ few: await shoot(few, RATE * 5, RATE), full: await shoot(full, RATE * 5, RATE) });
  for (const { child } of [few, full]) child.disconnect();
  Object.assign(ratios, {
    cpu_million_vs_thousand: Number(
      middle(rounds.map((one) => one.full.cpuMicrosPerRequest / one.few.cpuMicrosPerRequest)).toFixed(3),
    ),
    p50_million_vs_thousand: Number(middle(rounds.map((one) => one.full.p50 / one.few.p50)).toFixed(3)),
  });
}

/** Does memory grow with what was asked? */
async function watchHeap(): Promise<void> {
  const server = await startServer('ours-repeat', 20_000);
  await shoot(server, 200_000);
  const early = (await ask(server, 'collect')).heapBytes;
  await shoot(server, 800_000);
  const late = (await ask(server, 'collect')).heapBytes;
  server.child.disconnect();
  figures['heapMiB'] = { at200k: Math.round(early / 2 ** 20), at1M: Math.round(late / 2 ** 20) };
  ratios['heap_at_million_vs_200k'] = Number((late / early).toFixed(3));
}

async function startServer(variant: string, tokens: number, others = 0): Promise<Server> {
  // Each in a database of its own, so that nobody reads what another wrote.
  const redisUrl = `${redis.url}/${(databases += 1)}`;
  const child = fork(
    path.join(import.meta.dirname, 'introspection-server.ts'),
    [JSON.stringify({ variant, redisUrl, tokens, others })],
    { execArgv: ['--disable-warning=ExperimentalWarning'], env: { ...process.env, NODE_ENV: 'production' } },
  );
  const [started] = (await once(child, 'message')) as [{ port: number; tokens: string[]; pid: number }];
  pin(started.pid, 0);
  return { name: variant, port: started.port, tokens: started.tokens, child };
}

async function shoot(server: Server, requests: number, rate?: number): Promise<Shot> {
  const bodies = server.tokens.map((token) => requestFor(server, token));
  const before = await ask(server);
  const result = await load({
    ...{ port: server.port, connections: CONNECTIONS, requests },
    ...(rate === undefined ? {} : { rate }),
    request: (at) => bodies[at % bodies.length]!,
    isRight: (answer) =>
      answer.startsWith('HTTP/1.1 200') && (answer.includes('"active":true') || answer.includes('xxxxx')),
  });
  const after = await ask(server);
  if (result.failed > 0) throw new Error(`${server.name}: ${result.failed} answers were wrong`);
  return { ...result, cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / requests };
}

function requestFor({ name, port }: Server, token: string): Buffer {
  const body = `token=${token}`;
  // Stock has its own place for it.
  return Buffer.from(
    `POST ${name === 'stock' ? '/token/introspection' : '/introspect'} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${AUTHORIZATION}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

async function ask({ child }: Server, what = 'usage'): Promise<Usage> {
  const told = once(child, 'message');
  child.send(what);
  const [usage] = (await told) as [Usage];
  return usage;
}

/** To a core of its own, all threads of it. */
function pin(pid: number, core: number): void {
  if (CORES) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
}

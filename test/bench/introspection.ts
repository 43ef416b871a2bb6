// `npm run bench -- introspection`: what answering a FHIR server costs, beside a bare Koa route that asks Redis one thing and
// beside stock oidc-provider. All in one run, round after round; CPU time as the server's process has it. Prints a table,
// writes bench-results/introspection.json, and ends with one line of JSON.
import { parseArgs } from 'node:util';

import { startRedis } from '../support/redis-server.ts';
import { load, type LoadResult } from './load.ts';
import { conclude, middle, pin, startMeasured, type Measured } from './process.ts';
import { STOCK_RS } from './stock.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    requests: { type: 'string', default: '20000' },
    tokens: { type: 'string', default: '500' },
    many: { type: 'string', default: '0' },
    heap: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const REQUESTS = Number(values.requests);
const TOKENS = Number(values.tokens);
const CONNECTIONS = 32;
const RATE = 1000;
let databases = 0;

interface Started {
  readonly port: number;
  readonly tokens: readonly string[];
  readonly pid: number;
}
interface Server extends Measured<Started> {
  readonly name: string;
}
interface Shot extends LoadResult {
  readonly cpuMicrosPerRequest: number;
}

const redis = await startRedis();
pin(redis.pid, 1);
pin(process.pid, 1);
const AUTHORIZATION = `Basic ${Buffer.from(`${STOCK_RS.id}:${STOCK_RS.secret}`).toString('base64')}`;
const figures: Record<string, unknown> = {
  ...{ rounds: ROUNDS, requests: REQUESTS, connections: CONNECTIONS, tokens: TOKENS },
};
const ratios: Record<string, number> = {};

await compare();
if (Number(values.many) > 0) await compareSizes(Number(values.many));
if (values.heap) await watchHeap();
if (values.workers) await compareWorkers();
await redis.stop();
conclude('introspection', figures, ratios);

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
  for (const server of servers) server.stop();
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
  for (const server of [few, full]) server.stop();
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
  const early = (await server.usage('collect')).heapBytes;
  await shoot(server, 800_000);
  const late = (await server.usage('collect')).heapBytes;
  server.stop();
  figures['heapMiB'] = { at200k: Math.round(early / 2 ** 20), at1M: Math.round(late / 2 ** 20) };
  ratios['heap_at_million_vs_200k'] = Number((late / early).toFixed(3));
}

/** Does a request cost more where two processes share the port, and the core? Each has as many connections as one alone. */
async function compareWorkers(): Promise<void> {
  const one = await startServer('ours-repeat', TOKENS);
  const two = await startServer('ours-workers', TOKENS);
  const rounds: { one: Shot; two: Shot }[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const shots = {
      one: await shoot(one, REQUESTS),
      two: await shoot(two, 2 * REQUESTS, undefined, 2 * CONNECTIONS),
    };
    if (round >= 0) rounds.push(shots);
  }
  for (const server of [one, two]) server.stop();
  ratios['per_cpu_second_two_vs_one'] = Number(
    middle(rounds.map((shots) => shots.one.cpuMicrosPerRequest / shots.two.cpuMicrosPerRequest)).toFixed(3),
  );
}

async function startServer(variant: string, tokens: number, others = 0): Promise<Server> {
  // Each in a database of its own, so that nobody reads what another wrote.
  const redisUrl = `${redis.url}/${(databases += 1)}`;
  const orders = { variant, redisUrl, tokens, others };
  return { name: variant, ...(await startMeasured<Started>('introspection-server.ts', orders)) };
}

async function shoot(
  server: Server,
  requests: number,
  rate?: number,
  connections = CONNECTIONS,
): Promise<Shot> {
  const { tokens, port } = server.started;
  const bodies = tokens.map((token) => requestFor(server, token));
  const before = await server.usage();
  const result = await load({
    ...{ port, connections, requests },
    ...(rate === undefined ? {} : { rate }),
    request: (at) => bodies[at % bodies.length]!,
    isRight: (answer) =>
      answer.startsWith('HTTP/1.1 200') && (answer.includes('"active":true') || answer.includes('xxxxx')),
  });
  const after = await server.usage();
  if (result.failed > 0) throw new Error(`${server.name}: ${result.failed} answers were wrong`);
  return { ...result, cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / requests };
}

function requestFor({ name, started: { port } }: Server, token: string): Buffer {
  const body = `token=${token}`;
  // Stock has its own place for it.
  return Buffer.from(
    `POST ${name === 'stock' ? '/token/introspection' : '/introspect'} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${AUTHORIZATION}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

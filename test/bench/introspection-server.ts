// One of the servers that `npm run bench -- introspection` compares, in a process of its own: says its port and the tokens
// it knows, and on every message how much CPU it has used and what its heap holds.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import Koa from 'koa';
import { bodyParser } from '@koa/bodyparser';
import { Redis } from 'ioredis';
import { Provider } from 'oidc-provider';
import { pino } from 'pino';

import { createGatehouse } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import { grantWords } from '../../src/compose-provider.ts';
import {
  createGrantIndex,
  createProviderAdapter,
  runInRequestScope,
  createVault,
  newGrantId,
  newTokenText,
  openKeyRing,
  openRedisStore,
} from '../../src/store/index.ts';
import { freePort } from '../support/ports.ts';
import { beMeasured } from './measured-server.ts';
import { STOCK_CONFIGURATION, STOCK_RS, stockAdapter } from './stock.ts';

export const SCOPE =
  'launch openid fhirUser offline_access patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/Encounter.rs';
const AUD = 'https://ehr.example/fhir/r4';
const CONTEXT = {
  patient: '87a339d0-8cae-418e-89c7',
  encounter: 'enc-20261121-7',
  fhirUser: `${AUD}/Practitioner/19`,
};
const CLIENT = 'growth-chart-web';
const SECRET = 'a store secret for measuring, of no use to anybody';
const TTL = 24 * 3600;
const BATCH = 500;
const VALUE_BYTES = 600;
/** As the store connects for introspection. */
const AS_OURS = {
  enableAutoPipelining: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 800,
};

interface Orders {
  readonly variant: 'koa-get' | 'koa-get-bodyparser' | 'stock' | 'ours' | 'ours-repeat' | 'ours-workers';
  readonly redisUrl: string;
  readonly tokens: number;
  /** Tokens that are in the store beside those that are asked about. */
  readonly others: number;
  /** Of one of several workers: where it listens, and the tokens there are already. */
  readonly worker?: Started;
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const started = await VARIANTS()[orders.variant](orders);
if (orders.worker) answerPrimary();
else beMeasured(started, orders.variant === 'ours-workers' ? usageOfWorkers : undefined);

interface Started {
  readonly port: number;
  readonly tokens: readonly string[];
  /** Processes that are measured with this one. */
  readonly workers?: readonly number[];
}

function VARIANTS(): Readonly<Record<Orders['variant'], (orders: Orders) => Promise<Started>>> {
  return {
    'koa-get': (given) => koaGet(given, false),
    'koa-get-bodyparser': (given) => koaGet(given, true),
    stock,
    ours: (given) => ours(given, 0),
    'ours-repeat': (given) => ours(given, 32),
    'ours-workers': (given) => (given.worker ? ours(given, 32) : startWorkers(given)),
  };
}

/** What asking Redis one thing over HTTP costs on this stack. */
async function koaGet({ redisUrl, tokens }: Orders, withParser: boolean): Promise<Started> {
  const redis = await ready(new Redis(redisUrl, AS_OURS));
  const names = Array.from({ length: tokens }, (_, at) => `value-${String(at).padStart(50, '0')}`);
  for (const name of names) await redis.set(name, 'x'.repeat(VALUE_BYTES));
  const app = new Koa();
  if (withParser) app.use(bodyParser({ enableTypes: ['form'] }));
  app.use(async (ctx) => {
    const parsed = withParser
      ? (ctx.request as { body?: { token?: string } }).body
      : { token: new URLSearchParams(await bodyOf(ctx.req)).get('token') };
    ctx.type = 'application/json';
    ctx.body = await redis.get(parsed?.token ?? '');
  });
  return { port: await listen(app), tokens: names };
}

function bodyOf(request: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
  });
}

async function stock({ redisUrl, tokens }: Orders): Promise<Started> {
  const redis = await ready(new Redis(redisUrl));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, { ...STOCK_CONFIGURATION, adapter: stockAdapter(redis) });
  const client = await provider.Client.find(CLIENT);
  const made: string[] = [];
  for (let at = 0; at < tokens; at += 1) {
    const accountId = `u-account-${at}`;
    const grant = new provider.Grant({ accountId, clientId: CLIENT });
    grant.addResourceScope(AUD, SCOPE);
    const token = new provider.AccessToken({
      ...{ accountId, grantId: await grant.save(), client, gty: 'authorization_code', scope: SCOPE },
      ...{ aud: AUD, extra: CONTEXT },
    } as never);
    made.push(await token.save());
  }
  const server = createServer(provider.callback()).listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port, tokens: made };
}

/** Two processes on one port; this one only hands out connections. */
async function startWorkers(given: Orders): Promise<Started> {
  const driver = await openRedisStore(given.redisUrl, () => undefined);
  const worker = { port: await freePort(), tokens: await ourTokens(driver, given.tokens, given.others) };
  await driver.close();
  cluster.setupPrimary({ args: [JSON.stringify({ ...given, worker })] });
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map((one) => once(one, 'message')));
  process.on('disconnect', () => Object.values(cluster.workers ?? {}).forEach((one) => one?.kill()));
  return { ...worker, workers: workers.map(({ process: { pid } }) => pid ?? 0) };
}

function answerPrimary(): void {
  process.on('message', (asked) => {
    if (asked === 'usage') process.send?.(process.cpuUsage());
  });
  process.send?.('ready');
}

async function usageOfWorkers(): Promise<number> {
  const workers = Object.values(cluster.workers ?? {}).filter((one) => one !== undefined);
  const used = await Promise.all(workers.map(usageOf));
  const own = process.cpuUsage();
  return [own, ...used].reduce((sum, { user, system }) => sum + user + system, 0);
}

async function usageOf(worker: Worker): Promise<NodeJS.CpuUsage> {
  const told = once(worker, 'message');
  worker.send('usage');
  return ((await told) as [NodeJS.CpuUsage])[0];
}

async function ours({ redisUrl, tokens, others, worker }: Orders, cacheMegabytes: number): Promise<Started> {
  const port = worker?.port ?? (await freePort());
  const config = configSchema.parse({
    issuer: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    management: { port: 0 },
    secrets: { store: SECRET, cookies: ['only-for-this-bench-0123456789-abcdefghijkl'] },
    fhirServers: [{ id: 'main', url: AUD }],
    introspection: { cacheMegabytes },
    clients: [
      {
        client_id: STOCK_RS.id,
        client_name: 'FHIR server',
        grant_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: STOCK_RS.secret,
        rights: ['introspect'],
      },
      { client_id: CLIENT, client_name: 'Growth chart', redirect_uris: ['https://app.example/cb'] },
    ],
  });
  const driver = await openRedisStore(redisUrl, () => undefined);
  const made = worker?.tokens ?? (await ourTokens(driver, tokens, others));
  const gatehouse = await createGatehouse({
    ...{ config, driver, log: pino({ level: 'warn' }), auditSinks: [], viewsDir: path.resolve('views') },
  });
  await gatehouse.listen(worker !== undefined);
  return { port, tokens: made };
}

async function ourTokens(
  driver: Awaited<ReturnType<typeof openRedisStore>>,
  tokens: number,
  others: number,
): Promise<string[]> {
  const { keys } = await openKeyRing(driver, [Buffer.from(SECRET)]);
  const vault = createVault(driver, keys);
  const words = grantWords({ fhirServers: [] }, keys);
  const adapter = createProviderAdapter({
    ...{ vault, words, grants: createGrantIndex(driver, TTL), grantTtlSeconds: TTL },
    trust: { unsureBefore: () => 0, endedAt: () => 0 },
    msLeft: () => Infinity,
    findClient: async () => undefined,
  });
  const now = Math.floor(Date.now() / 1000);
  const make = async (at: number): Promise<string> => {
    const [id, accountId] = [newGrantId(), `u-account-${at % 1000}`];
    const smart = {
      context: CONTEXT,
      fhirBaseUrl: AUD,
      reference: 'kq7h-3mzt-9w2c',
      scope: SCOPE,
      lifetimeSeconds: TTL,
      madeAt: Date.now(),
    };
    const owner = { accountId, clientId: CLIENT, iat: now, exp: now + TTL };
    const grant = { jti: id, kind: 'Grant', ...owner, smart };
    const text = newTokenText(keys, 'AccessToken', id);
    const token = { ...words.ofToken('AccessToken', id, grant), gty: 'authorization_code', iat: now };
    await runInRequestScope(
      vault,
      { deadTtlSeconds: TTL, graceSeconds: 0, purpose: 'token' as const },
      async (scoped) => {
        await adapter('Grant').upsert(id, { ...grant, ...words.ofGrant(grant) }, TTL);
        await adapter('AccessToken').upsert(text, { ...token, jti: text, exp: now + TTL }, TTL);
        await scoped.commit('succeeded');
      },
    );
    return text;
  };
  const made: string[] = [];
  for (let at = 0; at < tokens + others; at += BATCH) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(BATCH, tokens + others - at) }, (_, of) => make(at + of)),
    );
    made.push(...batch.slice(0, Math.max(0, tokens - at)));
  }
  return made;
}

function ready(redis: Redis): Promise<Redis> {
  return new Promise((resolve) => redis.once('ready', () => resolve(redis)));
}

async function listen(app: Koa): Promise<number> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

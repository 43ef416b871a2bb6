import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

import { grantWords } from '../../src/compose-provider.ts';
import {
  createGrantNarrowing,
  grantIdOf,
  isStoreUnavailable,
  openRedisStore,
} from '../../src/store/index.ts';
import { CookieBrowser } from '../support/browser.ts';
import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../support/clients.ts';
import { postForm, type TokenAnswer } from '../support/flow.ts';
import { startGatehouse, type TestServer } from '../support/gatehouse.ts';
import { freePort } from '../support/ports.ts';
import { startRedisProxy, type RedisProxy } from '../support/redis-proxy.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { startMortalNode, type MortalNode } from './mortal.ts';

const NODES = 3;
/** Which of them a mortal one stands in for. */
const MORTAL = 1;
const PROBE = 'gh:{probe}:record';
const PROBE_SECONDS = 60;
const POLL_MS = 50;
/** As long as a grant can live. */
const TTL_SECONDS = 101 * 86_400;
const START_TRIES = 10;
const START_AGAIN_MS = 500;

/**
 * `single`: one Redis, and a refresh can be repeated for minutes. `replica`: durability `replica` with one of them, and a
 * grace so short that what is repeated may come too late.
 */
export type StackKind = 'single' | 'replica';

const GRACE_SECONDS: Record<StackKind, number> = { single: 300, replica: 3 };

/** Three nodes of one issuer, and between them and their Redis a way that can be disturbed. */
export interface Stack {
  readonly kind: StackKind;
  /** How long a refresh can be repeated. */
  readonly graceMs: number;
  readonly issuer: string;
  readonly redis: RedisServer;
  readonly replica?: RedisServer;
  /** As an operator, past what is disturbed. */
  readonly operator: Redis;
  readonly proxy: RedisProxy;
  readonly backend: KeyedClient;
  /** Somebody who signs in once. */
  readonly browser: CookieBrowser;
  /** As a balancer in front would: every node is asked under the name of the whole. 502 when the node dies meanwhile. */
  post(node: number, path: string, form: Record<string, string>): Promise<TokenAnswer>;
  /** As its person does at My apps: of the grant of this access token no more than these scopes is left. */
  narrow(node: number, accessToken: string, scope: string): Promise<TokenAnswer>;
  /** From now on a process of its own is the second node, until `undefined` is. */
  setMortal(mortal: MortalNode | undefined): void;
  startMortal(): Promise<MortalNode>;
  /** Is a write as safe as the nodes promise? */
  isSafe(): Promise<boolean>;
  close(): Promise<void>;
}

/** All of it on loopback. Nothing of it ends with a schedule: grants of one schedule are no business of another. */
export async function startStack(kind: StackKind = 'single'): Promise<Stack> {
  const redis = await startRedis({ appendOnly: true, args: ['--repl-diskless-sync-delay', '0'] });
  const replica =
    kind === 'replica' ? await startRedis({ args: ['--replicaof', `127.0.0.1 ${redis.port}`] }) : undefined;
  const operator = new Redis(redis.url, { lazyConnect: true });
  operator.on('error', () => undefined);
  const proxy = await startRedisProxy(redis.port);
  const backend = await keyedClient('backend', 'ES384');
  const ports = await Promise.all(Array.from({ length: NODES }, () => freePort()));
  const issuer = `http://localhost:${ports[0] ?? 0}`;
  const limits = { tokensPerClient: 0, authorizationsPerAddress: 0, failuresPerAddress: 0 };
  const tokens = { codeSeconds: 600, refreshGraceSeconds: GRACE_SECONDS[kind] };
  const clients = [PUBLIC_APP, RESOURCE_SERVER, backend.registration];
  const config = { issuer, trustProxy: true, limits, tokens, clients };
  const durability = replica ? { replicas: 1 } : {};
  const store = { open: () => openRedisStore(proxy.url, () => undefined, durability) };
  const probe = await store.open();
  const isSafe = async (): Promise<boolean> =>
    probe.put({ key: PROBE, value: Uint8Array.of(1), ttlSeconds: PROBE_SECONDS }).then(
      () => true,
      () => false,
    );
  while (!(await isSafe())) await delay(POLL_MS);
  const servers: TestServer[] = [];
  for (const port of ports) servers.push(await onceSafe(() => startGatehouse(store, config, port)));
  const from = { 'x-forwarded-host': new URL(issuer).host, 'x-forwarded-proto': 'http' };
  let mortal: MortalNode | undefined;
  return {
    ...{ kind, graceMs: GRACE_SECONDS[kind] * 1000, isSafe },
    ...(replica ? { replica } : {}),
    ...{ issuer, redis, operator, proxy, backend, browser: new CookieBrowser() },
    async post(node, path, form) {
      const headers = path === '/introspect' ? basic('fhir-server', RS_SECRET) : {};
      const one = mortal && node % NODES === MORTAL ? mortal : undefined;
      const url = one?.url ?? `http://localhost:${ports[node % NODES] ?? 0}`;
      const sent = postForm(url + path, form, { ...from, ...headers });
      return one ? sent.catch(() => DIED) : sent;
    },
    narrow: (node, accessToken, scope) => narrowAt(servers[node % NODES], accessToken, scope),
    setMortal: (next) => (mortal = next),
    startMortal: () => startMortalNode({ url: proxy.url, config, durability }),
    async close() {
      proxy.set({ kind: 'pass' });
      operator.disconnect();
      await mortal?.kill();
      await Promise.all(servers.map((server) => server.close()));
      await probe.close();
      await proxy.close();
      await replica?.stop();
      await redis.stop();
    },
  };
}

async function narrowAt(
  server: TestServer | undefined,
  accessToken: string,
  scope: string,
): Promise<TokenAnswer> {
  if (!server) return DIED;
  const { vault } = server;
  const words = grantWords({ fhirServers: [] }, vault.keys);
  const grantId = grantIdOf(vault.keys, 'AccessToken', accessToken) ?? '';
  const told = (status: number, error: string): TokenAnswer => ({
    status,
    headers: new Headers({ 'retry-after': '2' }),
    body: { access_token: '', refresh_token: '', scope: '', error },
  });
  try {
    const isThere = await createGrantNarrowing({ vault, words, deadTtlSeconds: TTL_SECONDS })(grantId, scope);
    return isThere ? told(200, 'fine') : told(400, 'it has ended');
  } catch (error) {
    if (isStoreUnavailable(error)) return told(503, 'temporarily_unavailable');
    throw error;
  }
}

/** A replica on a busy machine falls behind for a moment; nodes that start then are refused, as they should be. */
async function onceSafe<Result>(start: () => Promise<Result>, tries = START_TRIES): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (tries <= 1 || !isStoreUnavailable(error)) throw error;
    await delay(START_AGAIN_MS);
    return onceSafe(start, tries - 1);
  }
}

const DIED: TokenAnswer = {
  status: 502,
  headers: new Headers(),
  body: { access_token: '', refresh_token: '', scope: '', error: 'the node died' },
};

import { openRedisStore } from '../../src/store/index.ts';
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

const NODES = 3;

/** Three nodes of one issuer, and between them and their Redis a way that can be disturbed. */
export interface Stack {
  readonly issuer: string;
  readonly redis: RedisServer;
  readonly proxy: RedisProxy;
  readonly backend: KeyedClient;
  /** As a balancer in front would: every node is asked under the name of the whole. */
  post(node: number, path: string, form: Record<string, string>): Promise<TokenAnswer>;
  close(): Promise<void>;
}

/** All of it on loopback. Nothing of it ends with a schedule: grants of one schedule are no business of another. */
export async function startStack(): Promise<Stack> {
  const redis = await startRedis({ appendOnly: true });
  const proxy = await startRedisProxy(redis.port);
  const backend = await keyedClient('backend', 'ES384');
  const ports = await Promise.all(Array.from({ length: NODES }, () => freePort()));
  const issuer = `http://localhost:${ports[0] ?? 0}`;
  const limits = { tokensPerClient: 0, authorizationsPerAddress: 0, failuresPerAddress: 0 };
  const tokens = { codeSeconds: 600, refreshGraceSeconds: 300 };
  const clients = [PUBLIC_APP, RESOURCE_SERVER, backend.registration];
  const store = { open: () => openRedisStore(proxy.url, () => undefined) };
  const servers: TestServer[] = [];
  for (const port of ports)
    servers.push(await startGatehouse(store, { issuer, trustProxy: true, limits, tokens, clients }, port));
  const from = { 'x-forwarded-host': new URL(issuer).host, 'x-forwarded-proto': 'http' };
  return {
    issuer,
    redis,
    proxy,
    backend,
    post(node, path, form) {
      const headers = path === '/introspect' ? basic('fhir-server', RS_SECRET) : {};
      return postForm(`http://localhost:${ports[node % NODES] ?? 0}${path}`, form, { ...from, ...headers });
    },
    async close() {
      proxy.set({ kind: 'pass' });
      await Promise.all(servers.map((server) => server.close()));
      await proxy.close();
      await redis.stop();
    },
  };
}

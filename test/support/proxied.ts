import { afterAll, beforeAll } from '@jest/globals';

import type { ConfigInput } from '../../src/config/index.ts';
import { openRedisStore } from '../../src/store/index.ts';
import { appOf, type TestApp } from './app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from './clients.ts';
import { startGatehouse, type TestServer } from './gatehouse.ts';
import { startRedisProxy, type RedisProxy } from './redis-proxy.ts';
import { startRedis, type RedisServer } from './redis-server.ts';

/** A server, and between it and its Redis a way that can be disturbed. */
export interface Proxied {
  readonly redis: RedisServer;
  readonly proxy: RedisProxy;
  readonly server: TestServer;
  readonly app: TestApp;
}

/** There while the tests of the block run that calls this. */
export function serverBehindProxy(config: Partial<ConfigInput> = {}): Proxied {
  let running: Proxied | undefined;
  const current = (): Proxied => {
    if (!running) throw new Error('the server runs only while tests do');
    return running;
  };
  beforeAll(async () => {
    const redis = await startRedis({ appendOnly: true });
    const proxy = await startRedisProxy(redis.port);
    const open = () => openRedisStore(proxy.url, () => undefined);
    const server = await startGatehouse({ open }, { clients: [PUBLIC_APP, RESOURCE_SERVER], ...config });
    running = { redis, proxy, server, app: appOf(server.issuer) };
  });
  afterAll(async () => {
    await running?.server.close();
    await running?.proxy.close();
    await running?.redis.stop();
  });
  return {
    get redis() {
      return current().redis;
    },
    get proxy() {
      return current().proxy;
    },
    get server() {
      return current().server;
    },
    get app() {
      return current().app;
    },
  };
}

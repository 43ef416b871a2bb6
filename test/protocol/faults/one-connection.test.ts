import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { openRedisStore } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, untilReady } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { startGatehouse } from '../../support/gatehouse.ts';
import { startRedis } from '../../support/redis-server.ts';

/** An address that can be moved to another server; connections that are there stay where they are. */
interface Address {
  readonly url: string;
  moveTo(port: number): void;
  /** Ends the connection that was made so many connections after the first. */
  cut(which: number): void;
  close(): Promise<void>;
}

async function startAddress(port: number): Promise<Address> {
  let target = port;
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const redis = connect(target, '127.0.0.1');
    sockets.push(client);
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    moveTo: (next) => void (target = next),
    cut: (which) => sockets[which]?.destroy(),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the address of Redis leads elsewhere, and one connection is made anew', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  test.each([
    ['the first', 0],
    ['that of introspection', 1],
  ])('[C2.7] [F03] [A184] %s: 503 and never “inactive”, until it leads back', async (_which, at) => {
    const [good, empty] = [await startRedis(), await startRedis()];
    const address = await startAddress(good.port);
    const open = () => openRedisStore(address.url, () => undefined);
    const server = await startGatehouse({ open }, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
    ends.push(...[good, empty].map((redis) => () => redis.stop()));
    ends.push(...[address, server].map((one) => () => one.close()));
    const app = appOf(server.issuer);
    const tokens = await app.newTokens();

    address.moveTo(empty.port);
    address.cut(at);
    const isReady = async () => (await fetch(`${server.managementUrl}/health/ready`)).status === 200;
    await until(async () => !(await isReady()), 'the node was not ready');
    for (let asked = 0; asked < 5; asked += 1) {
      expect(toldOf(await app.introspect(tokens.access_token))).toBe(UNAVAILABLE);
      await delay(200);
    }
    address.moveTo(good.port);
    for (const which of Array.from({ length: 100 }).keys()) address.cut(which);
    await untilReady(server.managementUrl);
    expect(await app.isActive(tokens.access_token)).toBe(true);
  });
});

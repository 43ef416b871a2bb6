import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { StoreUnavailable, openRedisStore, type StoreDriver } from '../../src/store/index.ts';
import { until } from '../support/app.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { atOnce } from './stores.ts';

const value = Uint8Array.of(1);

describe.each([
  ['one Redis', 0],
  ['a Redis whose replica must have everything', 1],
])('%s that is out of memory', (_name, replicas) => {
  const servers: RedisServer[] = [];
  const drivers: StoreDriver[] = [];
  beforeAll(async () => {
    servers.push(await startRedis({ args: ['--repl-diskless-sync-delay', '0'] }));
    const [{ url, port }] = servers as [RedisServer];
    if (replicas > 0) servers.push(await startRedis({ args: ['--replicaof', `127.0.0.1 ${port}`] }));
    const open = () => openRedisStore(url, () => undefined, { replicas });
    drivers.push(await open(), await open());
    const isSafe = () => drivers[0]!.putIfAbsent({ key: `probe.${Math.random()}`, value, ttlSeconds: 9 });
    await until(() => isSafe().catch(() => false), 'a write is safe');
    await servers[0]!.tell('CONFIG SET maxmemory 1');
  });
  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.close()));
    for (const server of servers.toReversed()) await server.stop();
  });
  const either = (at: number): StoreDriver => drivers[at % 2]!;

  test('[C2.2] [F07] [F26] takes the id of an assertion still, once, and forgets it in time', async () => {
    const mark = (at: number) =>
      either(at).putIfAbsent({ key: '{a}:jti', value, ttlSeconds: 1, evenWhenFull: true });
    expect((await atOnce(mark)).filter(Boolean)).toHaveLength(1);
    expect(await mark(0)).toBe(false);
    await until(() => mark(1), 'it had expired');
  });

  test('[F07] takes nothing else', async () => {
    await expect(either(0).putIfAbsent({ key: '{b}:jti', value, ttlSeconds: 60 })).rejects.toThrow(
      StoreUnavailable,
    );
    expect(await either(0).getMany(['{b}:jti'])).toEqual([undefined]);
  });

  if (replicas > 0)
    test('[C2.6] [F07] what the replica has not is not said to be there, and stays', async () => {
      const marker = { key: '{c}:jti', value, ttlSeconds: 60, evenWhenFull: true };
      process.kill(servers[1]!.pid, 'SIGSTOP');
      try {
        await expect(either(0).putIfAbsent(marker)).rejects.toThrow(/fewer than 1 replicas/);
      } finally {
        process.kill(servers[1]!.pid, 'SIGCONT');
      }
      expect(await either(1).putIfAbsent(marker)).toBe(false);
    });
});

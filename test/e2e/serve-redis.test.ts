import { afterEach, describe, expect, test } from '@jest/globals';

import { until } from '../support/app.ts';
import { expectRefusal } from '../support/demo-suite.ts';
import { runGatehouse } from '../support/process.ts';
import { startRedis, type RedisOptions, type RedisServer } from '../support/redis-server.ts';
import { serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

let folder: ServeFolder | undefined;
let redis: RedisServer | undefined;
afterEach(async () => {
  await folder?.remove();
  await redis?.stop();
  folder = redis = undefined;
});

/** A Redis of its own, and a configuration that names it, by this host name and with these settings beside it. */
async function serveOn(
  options: RedisOptions,
  { host = '127.0.0.1', settings = '' } = {},
): Promise<{ folder: ServeFolder; redis: RedisServer }> {
  redis = await startRedis(options);
  const url = `redis://someone:hunter2-secret@${host}:${redis.port}`;
  await redis.tell('ACL SETUSER someone on >hunter2-secret ~* &* +@all');
  folder = await serveFolder((yaml) =>
    yaml.replace(/dataDir: .*/, `driver: redis\n  redisUrl: ${url}\n  ${settings}`),
  );
  return { folder, redis };
}

const health = async (management: string): Promise<unknown> =>
  (await fetch(`${management}/health/ready`)).json();

describe('serve on a Redis', () => {
  test('[F08] one that never evicts and writes to disk is served from', async () => {
    const on = await serveOn({ appendOnly: true });
    const server = await startServe(on.folder);
    expect(await health(server.management)).toMatchObject({
      status: 'UP',
      checks: expect.arrayContaining([{ name: 'store-safety', status: 'UP' }]),
    });
    expect(server.said.stdout).not.toMatch(/must be noeviction|appendonly is off/);
    expect(await server.stop()).toBe(0);
  });

  test('[F08] [SEC-06] one that does not write to disk is refused, in one line and with 1', async () => {
    const on = await serveOn({});
    const ended = await runGatehouse(['serve', '--config', on.folder.config]);
    expectRefusal(ended, /^gatehouse: the store at \S+ is not safe: appendonly is off: [^\n]*\n$/);
    expect(ended.code).toBe(1);
  });

  test('[F08] a line for each concern, and no password in any', async () => {
    const on = await serveOn({});
    await on.redis.tell('CONFIG SET maxmemory-policy allkeys-lru');
    await on.redis.tell('REPLICAOF 127.0.0.1 1');
    const ended = await runGatehouse(['serve', '--config', on.folder.config]);
    expectRefusal(
      ended,
      /is not safe: maxmemory-policy is allkeys-lru, must be noeviction.*\n.*appendonly is off.*\n.*a replica and takes no writes\n$/,
    );
    expect(ended.stderr.match(/^gatehouse: the store at /gm)).toHaveLength(3);
    expect(ended).toMatchObject({ code: 1, stderr: expect.not.stringContaining('hunter2') });
  });

  test('[F08] with allowVolatile, one on this machine is served from, and the concern is in the log', async () => {
    const on = await serveOn({}, { settings: 'allowVolatile: true' });
    const server = await startServe(on.folder);
    const warned = () => /"level":40,[^\n]*appendonly is off/.test(server.said.stdout);
    await until(warned, 'the log says so');
    expect(await server.stop()).toBe(0);
  });

  test('[F08] with allowVolatile, one elsewhere is refused all the same, and why is said', async () => {
    // An address that leads here, and is not known to.
    const on = await serveOn({}, { host: '127.1', settings: 'allowVolatile: true' });
    const ended = await runGatehouse(['serve', '--config', on.folder.config]);
    expectRefusal(
      ended,
      /appendonly is off.*\(store\.allowVolatile is for a Redis on this machine only\)\n$/,
    );
    expect(ended.code).toBe(1);
  });
});

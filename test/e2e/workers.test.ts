import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../support/app.ts';
import { RS_SECRET, basic } from '../support/clients.ts';
import { expectRefusal } from '../support/demo-suite.ts';
import { authorize, postForm, redeem } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse } from '../support/process.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  SERVED_CLIENTS,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';

const CALLER = basic('fhir-server', RS_SECRET);

let folder: ServeFolder | undefined;
let redis: RedisServer | undefined;
let server: Serve | undefined;
afterEach(async () => {
  await server?.stop();
  await folder?.remove();
  await redis?.stop();
  server = folder = redis = undefined;
});

async function serveWorkers(count: string, listen = ''): Promise<Serve> {
  const started = (redis = await startRedis({ appendOnly: true }));
  folder = await serveFolder(
    (yaml) =>
      yaml
        .replace(/dataDir: .*/, `driver: redis\n  redisUrl: ${started.url}`)
        .replace('listen: {', `listen: {${listen}`) + SERVED_CLIENTS,
  );
  server = await startServe(folder, {}, ['--workers', count]);
  return server;
}

/** The processes that have said they are ready, in order. */
function pidsOf({ said }: Serve): number[] {
  return [...said.stdout.matchAll(/"pid":(\d+)[^\n]*"a worker is ready"/g)].map(([, pid]) => Number(pid));
}

async function answersOf({ management }: Serve): Promise<number> {
  const page = await (await fetch(`${management}/metrics`)).text();
  const [, count] =
    /gatehouse_http_request_duration_seconds_count\{[^}]*route="\/introspect"[^}]*\} (\d+)/.exec(page) ?? [];
  return Number(count ?? 0);
}

const ask = async ({ issuer }: Serve, token = 'nothing'): Promise<unknown> =>
  (await postForm(`${issuer}/introspect`, { token }, { ...CALLER, connection: 'close' })).body['active'];

describe('serve with several workers', () => {
  test('one server to whoever asks: what one makes the others know, and what all did is counted together', async () => {
    const started = await serveWorkers('3');
    expect(pidsOf(started)).toHaveLength(3);
    await addAmy(folder!);
    const code = await authorize(started.issuer, { username: 'amy', password: PASSWORD });
    const { access_token: token } = (await redeem(started.issuer, code)).body;
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(started, token)));
    expect(new Set(answers)).toEqual(new Set([true]));
    expect(await answersOf(started)).toBe(30);
    const health = await (await fetch(`${started.management}/health/ready`)).json();
    expect(health).toMatchObject({
      status: 'UP',
      checks: expect.arrayContaining([
        { name: 'workers', status: 'UP', reason: '3 of 3 answer' },
        { name: 'store', status: 'UP' },
      ]),
    });
    expect(await started.stop()).toBe(0);
  });

  test('[F22] one that is killed is replaced, and the others go on', async () => {
    const started = await serveWorkers('2');
    const [first] = pidsOf(started);
    process.kill(first!, 'SIGKILL');
    await until(() => started.said.stdout.includes('a worker has ended'), 'it was noticed');
    for (let asked = 0; asked < 20; asked += 1) expect(await ask(started)).toBe(false);
    await until(() => pidsOf(started).length === 3, 'another one was ready');
    for (let asked = 0; asked < 20; asked += 1) expect(await ask(started)).toBe(false);
    expect(await started.stop()).toBe(0);
  });

  test('[F20] SIGTERM while they are asked: every request is answered, and the exit code is 0', async () => {
    const started = await serveWorkers('2');
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round += 1) {
      answers.push(...Array.from({ length: 10 }, () => ask(started)));
      await delay(5);
    }
    const stopped = started.stop();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([false]));
    expect(await stopped).toBe(0);
  });

  test('[F20] with drainDelayS it is not ready from the signal on, and takes new connections until balancers have seen it', async () => {
    const started = await serveWorkers('2', ' drainDelayS: 2,');
    const asked = performance.now();
    const stopped = started.stop();
    const status = async (): Promise<unknown> => (await fetch(`${started.management}/health/ready`)).status;
    await until(async () => (await status()) === 503, 'it said that it stops');
    while (performance.now() - asked < 1500) expect(await ask(started)).toBe(false);
    expect(await stopped).toBe(0);
    expect(performance.now() - asked).toBeGreaterThan(2000);
  });

  test('[F20] SIGTERM while another one is about to start: it ends at once, and the exit code is 0', async () => {
    const started = await serveWorkers('2');
    process.kill(pidsOf(started)[1]!, 'SIGKILL');
    await until(() => started.said.stdout.includes('a worker has ended'), 'it was noticed');
    // Another one is forked a second later, and takes about a second to be ready.
    await delay(1300);
    const asked = performance.now();
    expect(await started.stop()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
  });

  test('when none of them becomes ready any more they all end, with 1', async () => {
    const started = await serveWorkers('2');
    // What nobody may serve from is refused by each that starts.
    await redis!.tell('CONFIG SET appendonly no');
    for (const pid of pidsOf(started)) process.kill(pid, 'SIGKILL');
    expect(await started.exited).toBe(1);
    expect(started.said.stderr).toMatch(/is not safe: appendonly is off/);
  }, 60_000);

  test('whoever starts them is killed: they end by themselves', async () => {
    const started = await serveWorkers('2');
    const pids = pidsOf(started);
    await started.kill();
    const isThere = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until(() => !pids.some(isThere), 'they had gone');
    server = undefined;
  });

  test.each([
    ['2', /^gatehouse: --workers 2 needs Redis: an embedded store has one server\. Set store\.driver/],
    ['none', /^gatehouse: --workers is a number from 1 to 256, or auto; it is "none"\n$/],
    ['0', /^gatehouse: --workers is a number/],
  ])('--workers %s is refused on an embedded store, in one line', async (count, why) => {
    folder = await serveFolder();
    expectRefusal(await runGatehouse(['serve', '--config', folder.config, '--workers', count]), why);
  });

  test('what keeps the first from starting is said once, and ends them all with 1', async () => {
    redis = await startRedis({});
    const { url } = redis;
    folder = await serveFolder((yaml) => yaml.replace(/dataDir: .*/, `driver: redis\n  redisUrl: ${url}`));
    const ended = await runGatehouse(['serve', '--config', folder.config, '--workers', '2']);
    expectRefusal(ended, /^gatehouse: the store at \S+ is not safe: appendonly is off: [^\n]*\n$/);
    expect(ended.code).toBe(1);
  });
});

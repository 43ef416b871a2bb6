import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { toldOf, until, type Form } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import type { TokenAnswer } from '../../support/flow.ts';
import { serverProcesses, type ServerProcess, type ServerProcesses } from '../../support/node-processes.ts';
import { startRedisProxy, type RedisProxy } from '../../support/redis-proxy.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const CLIENTS = 8;
const DRAIN_MS = 5000;
/** How long a commit may take to reach Redis. */
const COMMAND_TIMEOUT_MS = 800;

/** Sends to each in turn, and to none that has said it is not ready, as a balancer would. */
function balancer(all: readonly ServerProcess[]) {
  const out = new Set<ServerProcess>();
  let turn = 0;
  const look = async (one: ServerProcess): Promise<void> => {
    const status = (await fetch(`${one.management}/health/ready`).catch(() => undefined))?.status;
    if (status === 200) out.delete(one);
    else out.add(one);
  };
  const watch = setInterval(() => all.forEach((one) => void look(one)), 20);
  return {
    out,
    next(): ServerProcess {
      const good = all.filter((one) => !out.has(one));
      const one = good[(turn += 1) % good.length];
      if (!one) throw new Error('no node is ready');
      return one;
    },
    stop: () => clearInterval(watch),
  };
}

describe('server processes that end', () => {
  let redis: RedisServer;
  let proxy: RedisProxy;
  let nodes: ServerProcesses;
  let first: ServerProcess;
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    proxy = await startRedisProxy(redis.port);
    nodes = await serverProcesses({ clients: [PUBLIC_APP, RESOURCE_SERVER], redisUrl: redis.url });
    first = await nodes.start();
  });
  afterAll(async () => {
    await nodes?.remove();
    await proxy?.close();
    await redis?.stop();
  });

  test('[F20] SIGTERM under load: readiness goes first, nothing in flight is dropped, exit code 0', async () => {
    const second = await nodes.start();
    const door = balancer([first, second]);
    const chains = await Promise.all(Array.from({ length: CLIENTS }, () => first.app.newTokens()));
    const answers: string[] = [];
    const served = new Map<ServerProcess, number>();
    let isOver = false;
    const play = async (tokens: TokenAnswer['body']): Promise<void> => {
      let newest = tokens;
      while (!isOver) {
        const one = door.next();
        served.set(one, (served.get(one) ?? 0) + 1);
        const asked = one.app.introspect(newest.access_token);
        const answer = await one.app.refresh(newest.refresh_token).catch((error: unknown) => String(error));
        const told = await asked.then(toldOf, String);
        answers.push(told, typeof answer === 'string' ? answer : toldOf(answer));
        if (typeof answer !== 'string' && answer.status === 200) newest = answer.body;
      }
    };
    const load = chains.map(play);
    await until(() => (served.get(second) ?? 0) > 2 * CLIENTS, 'both had something to do');
    const began = performance.now();
    const code = await second.stop();
    expect(performance.now() - began).toBeLessThan(DRAIN_MS);
    await delay(200);
    isOver = true;
    await Promise.all(load);
    door.stop();
    expect(code).toBe(0);
    expect(door.out.has(second)).toBe(true);
    expect(new Set(answers)).toEqual(new Set(['200 fine']));
    expect(second.said.stdout).toMatch(/"type":"server.stop"/);
  });

  /** Access tokens whose grant has not ended, whoever has them. */
  const living = async (): Promise<number> => {
    const client = new Redis(redis.url);
    const names = await client.keys('gh:*');
    client.disconnect();
    const grantOf = (name: string): string => name.slice(0, name.indexOf('}'));
    const dead = new Set(names.filter((name) => name.endsWith(':dead')).map(grantOf));
    return names.filter((name) => name.includes(':at:') && !dead.has(grantOf(name))).length;
  };
  /** A node of its own way to Redis, killed when its commit is on that way. */
  const killedAtCommit = async (kind: 'hold' | 'cut-reply', form: Form): Promise<void> => {
    const mortal = await nodes.start({ REDIS_URL: proxy.url });
    const sprung = proxy.onNext('issue', { kind });
    const lost = mortal.app.token(form).catch(() => 'no answer');
    await sprung;
    // What Redis has run is in the store now, or is never.
    if (kind === 'cut-reply') await delay(20);
    await mortal.kill();
    expect(await lost).toBe('no answer');
  };

  test('[F21] SIGKILL before a commit reaches Redis: the code is good at another node, and the commit comes to nothing', async () => {
    const code = await first.app.newCode();
    const before = await living();
    await killedAtCommit('hold', code);
    const { status, body } = await first.app.token(code);
    expect(status).toBe(200);
    await delay(COMMAND_TIMEOUT_MS + 200);
    proxy.set({ kind: 'pass' });
    await until(() => proxy.open === 0, 'what was held had arrived');
    expect(await first.app.isActive(body.access_token)).toBe(true);
    expect((await first.app.refresh(body.refresh_token)).status).toBe(200);
    expect(await living()).toBe(before + 2);
  });

  test('[F21] SIGKILL between a commit and its answer: the code is refused, and no token lives that nobody has', async () => {
    const code = await first.app.newCode();
    const before = await living();
    await killedAtCommit('cut-reply', code);
    expect(await living()).toBe(before + 1);
    const { status, body } = await first.app.token(code);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect(await living()).toBe(before);
  });

  test('[F21] [C3] SIGKILL between a refresh and its answer: another node gives the answer that got lost', async () => {
    const tokens = await first.app.newTokens();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    await killedAtCommit('cut-reply', form);
    const [one, two] = [await first.app.token(form), await first.app.token(form)];
    expect([one.status, two.body]).toEqual([200, one.body]);
    expect(await first.app.isActive(one.body.access_token)).toBe(true);
  });
});

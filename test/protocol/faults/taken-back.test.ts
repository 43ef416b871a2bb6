import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { openRedisStore, type StoreDriver } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, untilReady } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { serverBehindProxy } from '../../support/proxied.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const GRACE_SECONDS = 1;

describe('what nobody was told of', () => {
  const stack = serverBehindProxy({
    tokens: { refreshGraceSeconds: GRACE_SECONDS },
    limits: { tokensPerClient: 0, failuresPerAddress: 0 },
  });
  let operator: Redis;
  beforeAll(() => {
    operator = new Redis(stack.redis.url);
  });
  afterEach(() => {
    stack.proxy.set({ kind: 'pass' });
    return untilReady(stack.server.managementUrl);
  });
  afterAll(() => operator.disconnect());

  test('[F02] [C3] a refresh whose answer was lost in an outage longer than its time to be repeated is taken back', async () => {
    const tokens = await stack.app.newTokens();
    const sprung = stack.proxy.onNext('issue', { kind: 'cut-reply' });
    const sent = stack.app.refresh(tokens.refresh_token);
    await sprung;
    await delay(20);
    stack.proxy.set({ kind: 'refuse' });
    expect(toldOf(await sent)).toBe(UNAVAILABLE);
    await delay(GRACE_SECONDS * 1000 + 500);
    stack.proxy.set({ kind: 'pass' });
    await untilReady(stack.server.managementUrl);
    await delay(1000);
    const again = await stack.app.refresh(tokens.refresh_token);
    expect(toldOf(again)).toBe('200 fine');
    expect((await stack.app.refresh(again.body.refresh_token)).status).toBe(200);
    expect(stack.server.audit.map(({ type }) => type)).not.toContain('token.reuse');
  });

  test('[C2.4] [A102] [audited] a code that comes again when it has long expired ends its grant, when its own client shows it', async () => {
    const code = await stack.app.newCode();
    const { body } = await stack.app.token(code);
    for (const name of await operator.keys('gh:*:ac:*'))
      if (!name.endsWith(':used')) await operator.del(name);
    const stranger = await stack.app.token({ ...code, client_id: 'nobody' });
    expect(stranger.body.error).toBe('invalid_client');
    expect(await stack.app.isActive(body.access_token)).toBe(true);
    const before = stack.server.audit.length;
    expect((await stack.app.token(code)).body.error).toBe('invalid_grant');
    expect(stack.server.audit.slice(before)).toContainEqual(
      expect.objectContaining({
        ...{ type: 'token.refused', outcome: 'refused', clientId: 'public-app' },
        reason: expect.stringMatching(/^invalid_grant: authorization code/),
      }),
    );
    expect(await stack.app.isActive(body.access_token)).toBe(false);
    expect((await stack.app.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('[C2.8] [F10] a refresh that comes to a store which has lost the one before it is no replay', async () => {
    const first = await stack.app.newTokens();
    const names = await operator.keys('gh:*:family');
    const before = await Promise.all(
      names.map(async (name) => [name, await operator.getBuffer(name)] as const),
    );
    const { body: second } = await stack.app.refresh(first.refresh_token);
    const hit = stack.proxy.onNext('issue', { kind: 'hold' });
    const sent = stack.app.refresh(second.refresh_token);
    await hit;
    for (const [name, value] of before) {
      if ((await operator.getBuffer(name))?.equals(value!)) continue;
      await operator.set(name, value!, 'KEEPTTL');
      await operator.del(name.replace('family', 'answer'));
    }
    stack.proxy.set({ kind: 'pass' });
    expect(toldOf(await sent)).toBe(UNAVAILABLE);
    expect((await stack.app.refresh(second.refresh_token)).status).toBe(200);
  });

  test('[C2.7] [F03] a store under another secret is another store: 503, and the right one is worked with again', async () => {
    const tokens = await stack.app.newTokens();
    const ring = await operator.getBuffer('gh:{epoch}:keys');
    const others = String(ring).replace(/"root":\{"[^"]*"/, '"root":{"aaaaaaaaaaa"');
    await operator.set('gh:{epoch}:keys', others);
    stack.proxy.cut();
    const saidOf = async () => (await fetch(`${stack.server.managementUrl}/health/ready`)).text();
    await until(async () => (await saidOf()).includes('sealed under another secret'), 'it was said');
    expect(toldOf(await stack.app.introspect(tokens.access_token))).toBe(UNAVAILABLE);
    expect(toldOf(await stack.app.refresh(tokens.refresh_token))).toBe(UNAVAILABLE);
    await operator.set('gh:{epoch}:keys', ring!);
    await untilReady(stack.server.managementUrl);
    expect(await stack.app.isActive(tokens.access_token)).toBe(true);
  });
});

describe('a store that is just quick enough', () => {
  let redis: RedisServer;
  let server: TestServer;
  const slow = { reads: 0, commit: 0 };
  beforeAll(async () => {
    redis = await startRedis();
    const open = async (): Promise<StoreDriver> =>
      slowed(await openRedisStore(redis.url, () => undefined), slow);
    server = await startGatehouse({ open }, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
  });
  afterAll(async () => {
    await server?.close();
    await redis?.stop();
  });

  test('[C2.11] [F05] who was told 503 for taking too long finds nothing redeemed', async () => {
    const app = appOf(server.issuer);
    const code = await app.newCode();
    Object.assign(slow, { reads: 1400, commit: 700 });
    const began = performance.now();
    const first = await app.token(code);
    Object.assign(slow, { reads: 0, commit: 0 });
    expect(toldOf(first)).toBe(UNAVAILABLE);
    expect(performance.now() - began).toBeLessThan(5500);
    await delay(500);
    expect(server.audit.map(({ type }) => type)).not.toContain('token.issued');
    expect(toldOf(await app.token(code))).toBe('200 fine');
  });
});

/** Answers that many milliseconds late; what keeps watch is spared. */
function slowed(driver: StoreDriver, slow: { reads: number; commit: number }): StoreDriver {
  return new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      // Answers at once, and with a function.
      if (name === 'watch') return member.bind(target);
      return async (...args: unknown[]): Promise<unknown> => {
        const isWatch = JSON.stringify(args).includes('{epoch}');
        if (name === 'getMany' && !isWatch) await delay(slow.reads);
        const answer: unknown = await Reflect.apply(member, target, args);
        if (name === 'commit' && !isWatch) await delay(slow.commit);
        return answer;
      };
    },
  });
}

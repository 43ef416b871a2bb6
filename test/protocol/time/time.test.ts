import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openRedisStore } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, untilReady, type TestApp } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { authorize, authorizeUrl, openScreen, pkce, redeem } from '../../support/flow.ts';
import {
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { startRedisClock, type RedisClock } from '../../support/redis-clock.ts';
import { startTimeServer, type TimeServerStub } from '../../support/time-server.ts';

const HOLDOVER_S = 6;
const NO_LIMITS = { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 };
const HOUR_MS = 3_600_000;

interface World {
  readonly ntp: TimeServerStub;
  readonly redis: RedisClock;
  readonly server: TestServer;
  readonly app: TestApp;
}

/** A server on a real Redis whose clock can be moved, with or without a time server whose clock can be. */
function worldWith(servers: 'time servers' | 'none'): World {
  let world: World | undefined;
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore('redis');
    const redis = await startRedisClock(store.redis?.port ?? 0);
    const ntp = await startTimeServer();
    const server = await startGatehouse(
      { open: () => openRedisStore(redis.url, () => undefined) },
      {
        clients: [PUBLIC_APP, RESOURCE_SERVER],
        limits: NO_LIMITS,
        time: {
          ...{ servers: servers === 'none' ? [] : [ntp.address], checkEveryS: 1, holdoverS: HOLDOVER_S },
        },
      },
    );
    world = { ntp, redis, server, app: appOf(server.issuer) };
  });
  afterAll(async () => {
    await world?.server.close();
    await world?.redis.close();
    await world?.ntp.close();
    await store?.dispose();
  });
  const current = (): World => {
    if (!world) throw new Error('it is there only while tests run');
    return world;
  };
  return {
    get ntp() {
      return current().ntp;
    },
    get redis() {
      return current().redis;
    },
    get server() {
      return current().server;
    },
    get app() {
      return current().app;
    },
  };
}

const ready = (server: TestServer): Promise<Response> => fetch(`${server.managementUrl}/health/ready`);
const untilNotReady = (server: TestServer): Promise<void> =>
  until(async () => (await ready(server)).status === 503, 'the node was not ready');
const eventsOf = ({ audit }: TestServer): string[] =>
  audit.map(({ type }) => type).filter((type) => type.startsWith('clock.'));
/** Looks have been made with what was just set; one more each, for good measure. */
const twoLooks = async ({ ntp }: World): Promise<void> => {
  const before = ntp.asked;
  await until(() => ntp.asked >= before + 2, 'the time server was asked');
};

describe('a clock that time servers confirm', () => {
  const world = worldWith('time servers');

  test.each([0, 900, -900])(
    '[GEN-07] [SEC-2] is %d ms off: everything goes on, and records say so',
    async (ms) => {
      const { ntp, server, app } = world;
      ntp.set(-ms);
      await twoLooks(world);
      const { access_token: token } = await app.newTokens();
      expect(await app.isActive(token)).toBe(true);
      expect((await ready(server)).status).toBe(200);
      const record = server.audit.findLast(({ type }) => type === 'token.issued');
      expect(record).toMatchObject({ timeSource: 'ntp', offsetMs: expect.any(Number) });
      expect(Math.abs((record?.offsetMs ?? Infinity) - ms)).toBeLessThan(100);
      ntp.set(0);
      await twoLooks(world);
    },
  );

  test.each([
    [1100, '1.1 s ahead of'],
    [-1100, '1.1 s behind'],
    [HOUR_MS, '3600 s ahead of'],
    [-HOUR_MS, '3600 s behind'],
  ])(
    '[SEC-2] [F17] is %d ms off: nothing is issued, what protects goes on, and it recovers by itself',
    async (ms, how) => {
      const { ntp, server, app } = world;
      const { issuer } = server;
      const browser = new CookieBrowser();
      const signedIn = await authorize(issuer, { browser });
      const tokens = (await redeem(issuer, signedIn)).body;
      const [other, code] = [await app.newTokens(), await app.newCode()];
      const consent = await openScreen(issuer, 'consent');
      const eventsBefore = eventsOf(server).length;
      ntp.set(-ms);
      await untilNotReady(server);
      try {
        expect(await (await ready(server)).json()).toMatchObject({
          status: 'DOWN',
          checks: expect.arrayContaining([
            { name: 'clock', status: 'DOWN', reason: `the clock of this machine is ${how} the time servers` },
          ]),
        });

        const refused = await app.token(code);
        expect([toldOf(refused), refused.headers.get('retry-after')]).toEqual([UNAVAILABLE, '1']);
        expect(refused.body.error_description).toMatch(/^the clock of this server is being put right/);
        expect(toldOf(await app.refresh(tokens.refresh_token))).toBe(UNAVAILABLE);
        const stranger = new CookieBrowser();
        const pages = [
          await stranger.get(authorizeUrl(issuer, {}, pkce().challenge)),
          await consent.browser.get(consent.url),
          await consent.browser.post(consent.url, consent.fields),
          await stranger.post(`${issuer}/apps`, { step: 'sign-in', username: 'amy', password: PASSWORD }),
        ];
        expect(pages.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
        expect(pages.every(({ headers }) => headers.get('retry-after') !== null)).toBe(true);
        expect(await pages[0]?.text()).toMatch(/<html/);

        expect(await app.isActive(tokens.access_token)).toBe(true);
        expect((await app.revoke(other.refresh_token)).status).toBe(200);
        expect(await app.isActive(other.access_token)).toBe(false);
        for (const path of ['/jwks', '/fhir-servers/main/.well-known/smart-configuration', '/logout'])
          expect([path, (await fetch(issuer + path)).status]).toEqual([path, 200]);
        const list = await browser.get(`${issuer}/apps`);
        expect([list.status, await list.text()]).toEqual([200, expect.stringContaining('Public App')]);

        const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
        expect(metrics).toMatch(/^gatehouse_clock_believed 0$/m);
        const offset = Number(/^gatehouse_clock_offset_seconds (\S+)/m.exec(metrics)?.[1]);
        expect(Math.abs(offset - ms / 1000)).toBeLessThan(0.5);
      } finally {
        ntp.set(0);
        await untilReady(server.managementUrl);
      }
      expect((await app.token(code)).status).toBe(200);
      expect((await app.refresh(tokens.refresh_token)).status).toBe(200);
      expect(eventsOf(server).slice(eventsBefore)).toEqual(['clock.wrong', 'clock.right']);
      expect(server.audit.findLast(({ type }) => type === 'clock.wrong')).toMatchObject({
        ...{ outcome: 'failure', timeSource: 'ntp', offsetMs: expect.any(Number) },
        reason: expect.stringContaining(how),
      });
    },
  );

  test.each([0, 900, -900])('[SEC-2] the clock of Redis is %d ms off: everything goes on', async (ms) => {
    const { redis, server, app } = world;
    redis.set(ms);
    await twoLooks(world);
    try {
      expect(await app.isActive((await app.newTokens()).access_token)).toBe(true);
      expect((await ready(server)).status).toBe(200);
    } finally {
      redis.set(0);
      await twoLooks(world);
    }
  });

  test.each([1100, -1100, HOUR_MS, -HOUR_MS])(
    '[SEC-2] the clock of Redis is %d ms off: nothing is issued, and as ours is confirmed the rest goes on',
    async (ms) => {
      const { redis, server, app } = world;
      const [tokens, code] = [await app.newTokens(), await app.newCode()];
      redis.set(ms);
      await untilNotReady(server);
      try {
        expect(await (await ready(server)).text()).toMatch(/(ahead of|behind) that of Redis at 127\.0\.0\.1/);
        expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
        expect(await app.isActive(tokens.access_token)).toBe(true);
        expect((await app.revoke(tokens.refresh_token)).status).toBe(200);
        expect(await app.isActive(tokens.access_token)).toBe(false);
        const wrong = server.audit.findLast(({ type }) => type === 'clock.wrong');
        expect(wrong).toMatchObject({ timeSource: 'ntp', skewMs: expect.any(Number) });
      } finally {
        redis.set(0);
      }
      await untilReady(server.managementUrl);
      expect((await app.token(code)).status).toBe(200);
    },
  );

  test('[F19] no time server answers: hold-over, then nothing is issued, then it goes on by itself', async () => {
    const { ntp, server, app } = world;
    const code = await app.newCode();
    const eventsBefore = eventsOf(server).length;
    ntp.silence();
    await until(() => eventsOf(server).length > eventsBefore, 'hold-over was noted');
    expect((await app.introspect((await app.newTokens()).access_token)).status).toBe(200);
    expect(server.audit.findLast(({ type }) => type === 'token.issued')).toMatchObject({
      ...{ timeSource: 'holdover', offsetMs: expect.any(Number) },
    });
    await untilNotReady(server);
    expect(await (await ready(server)).text()).toMatch(
      /no time server has confirmed the clock for more than 6 s/,
    );
    expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
    ntp.set(0);
    await untilReady(server.managementUrl);
    expect((await app.token(code)).status).toBe(200);
    expect(eventsOf(server).slice(eventsBefore)).toEqual(['clock.holdover', 'clock.wrong', 'clock.right']);
  });
});

describe('a clock that no time server confirms', () => {
  const world = worldWith('none');

  test('[GEN-07] [SEC-2] is the time of every record, and its source is said', async () => {
    const { server, app, ntp } = world;
    await app.newTokens();
    expect(ntp.asked).toBe(0);
    expect(server.audit.every(({ timeSource }) => timeSource === 'system')).toBe(true);
    expect(server.audit.every((record) => record.offsetMs === undefined)).toBe(true);
  });

  test.each([1100, -1100])(
    '[SEC-2] [F17] Redis disagrees by %d ms: nothing is issued until it agrees',
    async (ms) => {
      const { redis, server, app } = world;
      const [tokens, code] = [await app.newTokens(), await app.newCode()];
      redis.set(ms);
      await untilNotReady(server);
      try {
        expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
        expect(await app.isActive(tokens.access_token)).toBe(true);
      } finally {
        redis.set(0);
      }
      await untilReady(server.managementUrl);
      expect((await app.token(code)).status).toBe(200);
      expect(eventsOf(server).slice(-2)).toEqual(['clock.wrong', 'clock.right']);
    },
  );
});

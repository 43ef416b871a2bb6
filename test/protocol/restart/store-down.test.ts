import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openRedisStore } from '../../../src/store/index.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic, keyedClient } from '../../support/clients.ts';
import { announce, backendToken } from '../../support/ehr.ts';
import {
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  redeem,
  refresh,
  textOf,
  type Authorized,
  type Screen,
} from '../../support/flow.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const ANSWER_MS = 2000;
const RECOVERY_MS = 8000;
const BACKEND = await keyedClient('backend', 'ES384');

/** Both ways a Redis goes away: the process ends, or it hangs and answers nobody. */
const WAYS = [
  ['stopped', (redis: RedisServer) => redis.kill(), (redis: RedisServer) => redis.restart()],
  [
    'hanging',
    (redis: RedisServer) => signal(redis, 'SIGSTOP'),
    (redis: RedisServer) => signal(redis, 'SIGCONT'),
  ],
] as const;

async function signal({ pid }: RedisServer, name: NodeJS.Signals): Promise<void> {
  process.kill(pid, name);
}

describe.each(WAYS)('the store is away: %s', (_way, takeAway, bringBack) => {
  const browser = new CookieBrowser();
  let redis: RedisServer;
  let server: TestServer;
  let isAway = false;
  let known: { refreshToken: string; accessToken: string; code: Authorized; login: Screen };

  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    const store = { open: () => openRedisStore(redis.url, () => undefined), dispose: () => redis.stop() };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER, BACKEND.registration] });
    const { body } = await redeem(server.issuer, await authorize(server.issuer, { browser }));
    known = {
      refreshToken: body.refresh_token,
      accessToken: body.access_token,
      code: await authorize(server.issuer, { browser }),
      login: await openScreen(server.issuer, 'login'),
    };
    await takeAway(redis);
    isAway = true;
  });
  afterAll(async () => {
    if (isAway) await bringBack(redis);
    await server.close();
    await redis.stop();
  });

  const json = { accept: 'application/json' };
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(server.issuer + path, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { ...json, ...headers },
    });
  const asked: Readonly<Record<string, () => Promise<Response>>> = {
    'a code': async () => {
      const { code, verifier } = known.code;
      const redeemed = {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: 'http://localhost:4999/cb',
      };
      return post('/token', { ...redeemed, client_id: 'public-app' });
    },
    'a refresh': () =>
      post('/token', {
        grant_type: 'refresh_token',
        refresh_token: known.refreshToken,
        client_id: 'public-app',
      }),
    'a refresh without client_id': () =>
      post('/token', { grant_type: 'refresh_token', refresh_token: known.refreshToken }),
    'a backend token': async () =>
      post('/token', {
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await BACKEND.assertion(`${server.issuer}/token`),
      }),
    'an introspection': () =>
      post('/introspect', { token: known.accessToken }, basic('fhir-server', RS_SECRET)),
    'a revocation': () => post('/revoke', { token: known.refreshToken, client_id: 'public-app' }),
    'a launch': () => post('/launches', {}, { authorization: `Bearer ${known.accessToken}` }),
  };

  test.each(Object.keys(asked))(
    '[A184] %s → 503 temporarily_unavailable within two seconds',
    async (what) => {
      const started = performance.now();
      const response = await asked[what]!();
      expect(performance.now() - started).toBeLessThan(ANSWER_MS);
      const body = (await response.json()) as Record<string, unknown>;
      // What nobody could look up is unavailable; a launch token that cannot be one at all may be refused at once.
      if (what === 'a launch' && response.status === 401) return;
      expect([response.status, body['error']]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body['error_description']).toMatch(/\(reference \S{14}\)$/);
      expect(body).not.toHaveProperty('active');
      expect([response.headers.get('cache-control'), response.headers.get('pragma')]).toEqual([
        'no-store',
        'no-cache',
      ]);
    },
  );

  test('[A184] pages → 503 in words, within two seconds, and with Retry-After', async () => {
    const { login } = known;
    const start = authorizeUrl(server.issuer, {}, pkce().challenge);
    const started = performance.now();
    const responses = await Promise.all([
      browser.get(start),
      new CookieBrowser().get(start),
      login.browser.get(login.url),
      login.browser.post(login.url, { ...login.fields, username: 'amy', password: 'x' }),
    ]);
    expect(performance.now() - started).toBeLessThan(ANSWER_MS);
    for (const response of responses) {
      const html = await response.text();
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(textOf(html)).toMatch(/not working right now.*[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/);
      expect(html).not.toMatch(/ECONN|Redis|127\.0\.0\.1|\.ts:\d/);
    }
  });

  test('[A184] the process says it is alive and not ready; discovery and keys need no store', async () => {
    expect((await fetch(`${server.managementUrl}/health/live`)).status).toBe(200);
    const ready = await fetch(`${server.managementUrl}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, expect.objectContaining({ status: 'DOWN' })]);
    for (const path of [
      '/.well-known/openid-configuration',
      '/jwks',
      '/fhir-servers/main/.well-known/smart-configuration',
    ]) {
      expect((await fetch(server.issuer + path)).status).toBe(200);
    }
  });

  test('[A184] when the store is back, so are we, by ourselves, and nothing was lost or used up', async () => {
    await bringBack(redis);
    isAway = false;
    const deadline = Date.now() + RECOVERY_MS;
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${server.managementUrl}/health/ready`)).status === 200;
    while (!(await isReady())) {
      if (Date.now() > deadline) throw new Error('the server did not recover');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { status } = await redeem(server.issuer, known.code);
    expect(status).toBe(200);
    expect((await refresh(server.issuer, known.refreshToken)).status).toBe(200);
    const { body } = await backendToken(server.issuer, BACKEND, 'system/Patient.rs');
    expect(body.scope).toBe('system/Patient.rs');
    expect((await announce(server.issuer, 'made-up', {})).status).toBe(401);
  });
});

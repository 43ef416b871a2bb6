import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK } from 'jose';

import { grantWords } from '../../../src/compose-provider.ts';
import {
  createClientStore,
  createGrantIndex,
  createGrantList,
  createGrantNarrowing,
} from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import {
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { authorize, type TokenAnswer } from '../../support/flow.ts';
import { FHIR, startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';
import { kitProbe, type KitProbe } from '../../support/kit-probe.ts';
import { nodesOn } from '../../support/nodes.ts';
import { freePort } from '../../support/ports.ts';
import { startRedisProxy, type RedisProxy } from '../../support/redis-proxy.ts';

const JWT_FHIR = 'http://localhost:3998/fhir';

/** Milliseconds until every ending counts. */
const BOUND_MS = 1000;
const delays: number[] = [];

describe('a resource server of the kit, with two nodes on one Redis', () => {
  let asker: KeyedClient;
  const nodes = nodesOn('redis', async (issuer) => {
    const scope = `${issuer}/scopes/introspect system/*.rs`;
    asker = await keyedClient('asker', 'ES384', { scope, rights: ['introspect'] });
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, asker.registration],
      fhirServers: [
        { id: 'main', name: 'Main', url: FHIR },
        { id: 'jwt', name: 'With JWTs', url: JWT_FHIR, accessTokenFormat: 'jwt' },
      ],
    };
  });
  const tokens = async (params: Record<string, string> = {}): Promise<TokenAnswer['body']> => {
    const { code, verifier } = await authorize(nodes.issuer, { params });
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
    return (await nodes.ask(0, '/token', { form: { ...form, client_id: 'public-app' } }))
      .body as TokenAnswer['body'];
  };
  const revokeElsewhere = (token: string) =>
    nodes.ask(1, '/revoke', { form: { token, client_id: 'public-app' } });

  let probe: KitProbe;
  const start = async (
    ...args: Parameters<typeof kitProbe> extends [string, ...infer Rest] ? Rest : never
  ) => {
    probe = kitProbe(nodes.issuer, ...args);
    return probe;
  };
  afterEach(() => probe.server.close());

  /** How long after it was revoked at the other node a token was still taken. */
  const untilRefused = async (token: string, refreshToken: string): Promise<number> => {
    await revokeElsewhere(refreshToken);
    const began = performance.now();
    await until(async () => (await probe.status(token)) === 401, 'it is refused');
    return performance.now() - began;
  };

  test('[SEM-01] [SEM-25] what it was told it keeps, and asks once for many requests at once', async () => {
    await start();
    await probe.follows('stream');
    const { access_token: token } = await tokens();
    const all = await Promise.all(Array.from({ length: 20 }, () => probe.status(token)));
    expect([new Set(all), probe.asked('/introspect')]).toEqual([new Set([200]), 1]);
    expect(await probe.status(token)).toBe(200);
    expect(probe.asked('/introspect')).toBe(1);
    const known = await probe.server.authenticate({ authorization: `Bearer ${token}` });
    expect(known).toMatchObject({ ok: true, token: { patient: 'p1', clientId: 'public-app' } });
    expect(probe.server.status()).toEqual({ feed: 'stream', cachedTokens: 1, lostUses: 0 });
  });

  test('[REV-05] [REV-06] [INT-18] a grant that ends at another node is refused within a second', async () => {
    await start();
    await probe.follows('stream');
    for (let time = 0; time < 5; time += 1) {
      const { access_token: token, refresh_token: refreshToken } = await tokens();
      expect([await probe.status(token), await probe.status(token)]).toEqual([200, 200]);
      const took = await untilRefused(token, refreshToken);
      delays.push(took);
      expect(took).toBeLessThan(BOUND_MS);
    }
  });

  test.each([
    ['an opaque token', FHIR],
    ['a JWT', JWT_FHIR],
  ])(
    '[REV-01] [INT-18] %s of which a person takes a part back at another node is good for less within a second',
    async (_what, aud) => {
      await start({ fhirBaseUrl: aud });
      await probe.follows('stream');
      const { access_token: token } = await tokens({ aud });
      const known = async (): Promise<{ readonly scopes: string; readonly ref: string }> => {
        const caller = await probe.server.authenticate({ authorization: `Bearer ${token}` });
        if (!caller.ok) throw new Error(`${caller.status}`);
        return { scopes: caller.token.scopeText, ref: caller.token.grantRef ?? '' };
      };
      const { scopes, ref } = await known();
      expect(scopes).toContain('patient/Observation.rs');
      const { vault } = nodes.servers[1];
      const grants = await createGrantList(vault)({ clientId: 'public-app' });
      const grantId = grants.find((grant) => grant.ref === ref)?.grantId ?? '';
      const words = grantWords({ fhirServers: [] }, vault.keys);
      const narrow = createGrantNarrowing({ vault, words, deadTtlSeconds: 3600 });
      expect(await narrow(grantId, 'launch/patient patient/Patient.rs')).toBe(true);
      const began = performance.now();
      await until(async () => !(await known()).scopes.includes('Observation'), 'it is good for less');
      expect(performance.now() - began).toBeLessThan(BOUND_MS);
    },
  );

  test('[REV-05] where no stream can be had, polls tell in time', async () => {
    await start({}, (_path, headers) => headers.get('accept') !== 'text/event-stream');
    await probe.follows('poll');
    const { access_token: token, refresh_token: refreshToken } = await tokens();
    await probe.status(token);
    const asked = probe.asked('/introspect');
    expect([await probe.status(token), probe.asked('/introspect')]).toEqual([200, asked]);
    expect(await untilRefused(token, refreshToken)).toBeLessThan(BOUND_MS);
  });

  test('[REV-05] where the feed cannot be had at all, every request asks', async () => {
    await start({}, (path) => path !== '/revocations');
    const { access_token: token, refresh_token: refreshToken } = await tokens();
    for (const count of [1, 2, 3])
      expect([await probe.status(token), probe.asked('/introspect')]).toEqual([200, count]);
    await revokeElsewhere(refreshToken);
    expect(await probe.status(token)).toBe(401);
    expect(probe.server.status()).toEqual({ feed: 'none', cachedTokens: 0, lostUses: 0 });
  });

  test('[REV-10] [REV-07] a client whose grants end as a whole is refused within a second', async () => {
    await start();
    await probe.follows('stream');
    const { access_token: token } = await tokens();
    await probe.status(token);
    await createGrantIndex(nodes.servers[1].driver, 3600).revokeAllOf({ clientId: 'public-app' });
    const began = performance.now();
    await until(async () => (await probe.status(token)) === 401, 'it is refused');
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    const store = createClientStore(nodes.servers[1].vault);
    const next = (await tokens()).access_token;
    await until(async () => (await probe.status(next)) === 200, 'a new one is taken');
    await store.setDisabled('public-app', true);
    const disabled = performance.now();
    await until(async () => (await probe.status(next)) === 401, 'it is refused');
    expect(performance.now() - disabled).toBeLessThan(BOUND_MS);
    await store.setDisabled('public-app', false);
  });

  test('[SEM-25] [INT-13] a JWT is asked about where the feed could not have told of its end, and then kept', async () => {
    await start({ fhirBaseUrl: JWT_FHIR });
    await probe.follows('stream');
    const { access_token: token, refresh_token: refreshToken } = await tokens({ aud: JWT_FHIR });
    expect([await probe.status(token), await probe.status(token)]).toEqual([200, 200]);
    expect([probe.asked('/introspect'), probe.asked('/jwks')]).toEqual([1, 1]);
    const [head, body] = token.split('.');
    expect(await probe.status(`${head}.${body}.${'A'.repeat(342)}`)).toBe(401);
    expect(probe.asked('/introspect')).toBe(1);
    expect(await untilRefused(token, refreshToken)).toBeLessThan(BOUND_MS);
  });

  test('[INT-08] a resource server with a key signs for a backend token', async () => {
    const privateKey = { ...(await exportJWK(asker.privateKey)), alg: 'ES384', kid: 'asker-key' };
    await start({ credentials: { clientId: 'asker', privateKey } });
    await probe.follows('stream');
    const { access_token: token } = await tokens();
    expect([await probe.status(token), probe.asked('/token')]).toEqual([200, 1]);
  });

  test('[SEM-02] [SEM-03] [SEM-04] refusals say why, in FHIR', async () => {
    await start({ fhirBaseUrl: 'http://localhost:3997/fhir' });
    const none = await probe.server.authenticate({});
    expect(none).toMatchObject({
      ...{ ok: false, status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="fhir"' } },
      body: { resourceType: 'OperationOutcome', issue: [{ code: 'login' }] },
    });
    const { access_token: token } = await tokens();
    const elsewhere = await probe.server.authenticate(new Headers({ authorization: `Bearer ${token}` }));
    expect(elsewhere).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': /invalid_token/ } });
    await probe.server.close();
    expect(await probe.server.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({
      ...{ status: 503, headers: { 'Retry-After': '5' }, body: { issue: [{ code: 'transient' }] } },
    });
  });

  test('[SEC-11] with wrong credentials nothing passes, and the operator is told', async () => {
    const problems: string[] = [];
    await start({
      credentials: { clientId: 'fhir-server', clientSecret: `${RS_SECRET}x` },
      onProblem: (detail) => problems.push(detail),
    });
    const { access_token: token } = await tokens();
    expect(await probe.status(token)).toBe(503);
    expect(problems).toContain('introspection answered 401');
    expect(problems.join()).not.toContain(RS_SECRET);
  });
});

describe('a resource server of the kit, whose way to Gatehouse is disturbed', () => {
  let store: TestStore;
  let server: TestServer;
  let way: RedisProxy;
  let probe: KitProbe;
  let token = '';
  beforeAll(async () => {
    store = await testStore('embedded');
    const port = await freePort();
    way = await startRedisProxy(port);
    const issuer = way.url.replace('redis://127.0.0.1', 'http://localhost');
    server = await startGatehouse(store, { issuer, clients: [PUBLIC_APP, RESOURCE_SERVER] }, port);
    const { code, verifier } = await authorize(issuer);
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier },
        client_id: 'public-app',
      }),
    });
    ({ access_token: token } = (await response.json()) as { access_token: string });
    probe = kitProbe(issuer);
    await probe.follows('stream');
    await probe.status(token);
  });
  afterAll(async () => {
    await probe.server.close();
    await server.close();
    await way.close();
    await store.dispose();
  });
  const isKept = async (): Promise<boolean> => {
    const asked = probe.asked('/introspect');
    return (await probe.status(token)) === 200 && probe.asked('/introspect') === asked;
  };

  test('[REV-05] [SEM-01] once stream and polls are cut, what was kept does not count, and nothing passes', async () => {
    expect(await isKept()).toBe(true);
    way.set({ kind: 'refuse' });
    const cut = performance.now();
    await until(async () => (await probe.status(token)) === 503, 'it is not taken any more');
    expect(performance.now() - cut).toBeLessThan(BOUND_MS + 100);
    const asked = probe.asked('/introspect');
    expect([await probe.status(token), await probe.status(token)]).toEqual([503, 503]);
    // Each request tried to ask.
    expect(probe.asked('/introspect')).toBe(asked + 2);
    way.set({ kind: 'pass' });
    await until(async () => (await probe.status(token)) === 200, 'it is taken again');
    await until(isKept, 'it is kept again');
    await probe.follows('stream');
  });

  test('[REV-05] signs of life that come late are as old as they are', async () => {
    await until(isKept, 'it is kept');
    way.set({ kind: 'slow', ms: 1500 });
    await probe.follows('none');
    const asked = probe.asked('/introspect');
    expect(await probe.status(token)).toBe(503);
    expect(probe.asked('/introspect')).toBe(asked + 1);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(probe.server.status().feed).toBe('none');
    way.set({ kind: 'pass' });
    await until(isKept, 'it is kept again');
  });

  test('[REV-05] a node that stops ends its streams, and the kit goes on with the next', async () => {
    await probe.follows('stream');
    const { port } = new URL(server.issuer);
    expect(port).not.toBe('');
    const began = performance.now();
    const listening = server.managementUrl;
    await server.close();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await fetch(`${listening}/health/live`).catch(() => 'gone')).toBe('gone');
    await until(async () => (await probe.status(token)) === 503, 'nothing passes');
  });
});

afterAll(() => {
  if (process.env['TELL_DELAYS'])
    process.stderr.write(`refused after ${delays.map(Math.round).join(', ')} ms\n`);
});

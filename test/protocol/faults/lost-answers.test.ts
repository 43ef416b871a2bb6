import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openRedisStore } from '../../../src/store/index.ts';
import { PUBLIC_APP, REDIRECT, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, postForm, type TokenAnswer } from '../../support/flow.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { startRedisProxy, type RedisProxy } from '../../support/redis-proxy.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

/** How long a client waits before it tries again; the connection is made anew by then. */
const RETRY_MS = 1500;

describe('the answer of Redis to a commit does not come', () => {
  let redis: RedisServer;
  let proxy: RedisProxy;
  let server: TestServer;
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    proxy = await startRedisProxy(redis.port);
    const store = { open: () => openRedisStore(proxy.url, () => undefined), dispose: () => redis.stop() };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
  });
  afterAll(async () => {
    await server.close();
    await proxy.close();
    await redis.stop();
  });

  const send = (form: Record<string, string>): Promise<TokenAnswer> =>
    postForm(`${server.issuer}/token`, { client_id: 'public-app', ...form });
  const codeForm = async (): Promise<Record<string, string>> => {
    const { code, verifier } = await authorize(server.issuer);
    return { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
  };
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];

  /** Redis has run the command, and nobody gets a connection until the client has its answer. */
  const awayUntil = async (sent: Promise<TokenAnswer>): Promise<TokenAnswer> => {
    // What was run is on its way back, or cut: the connection ends with it.
    await delay(20);
    proxy.set({ kind: 'refuse' });
    const answer = await sent;
    proxy.set({ kind: 'pass' });
    return answer;
  };

  test('[F02] [F21] [C2.10] a connection that ends before the answer: we look what became of it, and tell', async () => {
    const form = await codeForm();
    const cut = proxy.onNext('issue', { kind: 'cut-reply' });
    const { status, body } = await send(form);
    await cut;
    expect(status).toBe(200);
    expect(await isActive(body.access_token)).toBe(true);
  });

  test('[F02] [F21] a code: 503, and the same code once more gives tokens; the grant is not destroyed', async () => {
    const form = await codeForm();
    const sprung = proxy.onNext(':family', { kind: 'cut-reply' });
    const sent = send(form);
    await sprung;
    const first = await awayUntil(sent);
    expect([first.status, first.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(first.headers.get('retry-after')).toMatch(/^\d+$/);
    await delay(RETRY_MS);
    const { status, body } = await send(form);
    expect(status).toBe(200);
    expect(await isActive(body.access_token)).toBe(true);
    // It was redeemed now; a third time is a replay.
    expect((await send(form)).body.error).toBe('invalid_grant');
    expect(await isActive(body.access_token)).toBe(false);
  });

  test('[F02] [C3] a refresh: 503, and the same token once more gives the answer that got lost', async () => {
    const { body: tokens } = await send(await codeForm());
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    const sprung = proxy.onNext(':answer', { kind: 'cut-reply' });
    // The first command that names the answer is the look-up; the commit is the second.
    const looked = send(form);
    await sprung;
    expect((await looked).status).toBe(503);
    await delay(RETRY_MS);
    const { status, body } = await send(form);
    expect([status, body['patient']]).toEqual([200, 'p1']);
    expect(await isActive(body.access_token)).toBe(true);
  });

  test('[F02] [C3] a refresh whose commit got through: no second successor', async () => {
    const { body: tokens } = await send(await codeForm());
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    // Only the commit carries the mode.
    const sprung = proxy.onNext('issue', { kind: 'cut-reply' });
    const sent = send(form);
    await sprung;
    const first = await awayUntil(sent);
    expect(first.status).toBe(503);
    await delay(RETRY_MS);
    const [one, two] = [await send(form), await send(form)];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.body).toEqual(one.body);
    expect(await isActive(one.body.access_token)).toBe(true);
  });

  test('[F05] [F21] a commit that reaches Redis after the client has tried again: nothing comes of it', async () => {
    const form = await codeForm();
    const sprung = proxy.onNext('issue', { kind: 'late', ms: 3500 });
    const first = await send(form);
    await sprung;
    expect(first.status).toBe(503);
    await delay(RETRY_MS);
    const { status, body } = await send(form);
    expect(status).toBe(200);
    // It arrives now, and finds the code redeemed: as a replay it would end the grant.
    await delay(2500);
    expect(await isActive(body.access_token)).toBe(true);
    const refreshed = await send({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
  });
});

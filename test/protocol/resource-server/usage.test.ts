import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createGrantList, createUsageStore } from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { authorize, postForm, redeem, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { kitProbe } from '../../support/kit-probe.ts';
import { serverProcesses, type ServerProcess, type ServerProcesses } from '../../support/node-processes.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';
import { gatehouseOn } from '../../support/suite.ts';

const RS = basic('fhir-server', RS_SECRET);
const OTHER = { ...RESOURCE_SERVER, client_id: 'other-fhir', fhir_servers: ['other'] };
const TRUSTING = { unsureBefore: () => 0, endedAt: () => 0 };
const READ = { interaction: 'read', resourceType: 'Observation', kind: 'read', id: '1' } as const;
const now = (): number => Math.floor(Date.now() / 1000);

const tokensOf = async (issuer: string): Promise<TokenAnswer['body']> =>
  (await redeem(issuer, await authorize(issuer))).body;
const refOf = async (issuer: string, token: string): Promise<string> =>
  String((await postForm(`${issuer}/introspect`, { token }, RS)).body['grant_ref']);
const report = async (issuer: string, uses: unknown, headers: Record<string, string> = RS) => {
  const response = await fetch(`${issuer}/usage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof uses === 'string' ? uses : JSON.stringify({ uses }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};
const line = (ref: string, change: object = {}) => ({
  ...{ grant_ref: ref, resource_type: 'Observation', interaction: 'read', count: 2, last: now() },
  ...change,
});

describe.each(DRIVERS)('reports of usage on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, OTHER],
    fhirServers: [
      { id: 'main', name: 'Main', url: FHIR },
      { id: 'other', name: 'Other', url: 'http://localhost:3998/fhir' },
    ],
  }));
  const usage = () => createUsageStore(suite.server.vault, TRUSTING, 3600);
  const newestGrant = async (): Promise<string> =>
    (await createGrantList(suite.server.vault)({ clientId: 'public-app' })).at(-1)?.grantId ?? '';

  test('[SEC-2] a report may name what FHIR has in any version that is served', async () => {
    const { issuer } = suite.server;
    const ref = await refOf(issuer, (await tokensOf(issuer)).access_token);
    const lines = [
      line(ref, { interaction: 'search-compartment', resource_type: '*' }),
      line(ref, { resource_type: 'Transport' }),
    ];
    expect((await report(issuer, lines)).body).toEqual({ noted: 2, ignored: 0 });
    expect((await report(issuer, [line(ref, { resource_type: 'Nonsense' })])).status).toBe(400);
  });

  test('[SEC-2] what the kit saw is with the grant, and nothing of who or what was read', async () => {
    const { issuer } = suite.server;
    const before = new Set(await grantIds());
    const { access_token: token } = await tokensOf(issuer);
    const grantId = (await grantIds()).find((id) => !before.has(id)) ?? '';
    const probe = kitProbe(issuer, { usage: { everySeconds: 0.2 } });
    const caller = await probe.server.authenticate({ authorization: `Bearer ${token}` });
    if (!caller.ok) throw new Error('the token is good');
    for (let time = 0; time < 3; time += 1) probe.server.used(caller.token, READ);
    await until(async () => (await usage().of(grantId)).entries.length > 0, 'it was reported');
    probe.server.used(caller.token, { kind: 'search-system' });
    // What is left is reported at the end.
    await probe.server.close();
    expect((await usage().of(grantId)).entries).toMatchObject([
      { by: 'fhir-server', resourceType: 'Observation', interaction: 'read', count: 3 },
      { by: 'fhir-server', resourceType: '*', interaction: 'search-system', count: 1 },
    ]);
    expect(probe.server.status().lostUses).toBe(0);
  });
  const grantIds = async (): Promise<string[]> =>
    (await createGrantList(suite.server.vault)({ clientId: 'public-app' })).map(({ grantId }) => grantId);

  test('[SEC-2] reports at once are all counted', async () => {
    const { issuer } = suite.server;
    const before = new Set(await grantIds());
    const ref = await refOf(issuer, (await tokensOf(issuer)).access_token);
    const grantId = (await grantIds()).find((id) => !before.has(id)) ?? '';
    const told = await Promise.all(Array.from({ length: 5 }, () => report(issuer, [line(ref), line(ref)])));
    expect(told.map(({ body }) => body)).toEqual(told.map(() => ({ noted: 2, ignored: 0 })));
    expect((await usage().of(grantId)).entries).toMatchObject([{ count: 20 }]);
  });

  test('[INT-09] [REV-07] of no grant, an ended one, or one for another FHIR server nothing is kept', async () => {
    const { issuer } = suite.server;
    const { access_token: token, refresh_token: refreshToken } = await tokensOf(issuer);
    const ref = await refOf(issuer, token);
    expect((await report(issuer, [line(ref)], basic('other-fhir', RS_SECRET))).body).toEqual({
      ...{ noted: 0, ignored: 1 },
    });
    await postForm(`${issuer}/revoke`, { token: refreshToken, client_id: 'public-app' });
    const nobodys = Buffer.alloc(16, 7).toString('base64url');
    expect((await report(issuer, [line(ref), line(nobodys)])).body).toEqual({ noted: 0, ignored: 2 });
  });

  test.each([
    ['a name that is none', [line('x')], /uses\.0\.grant_ref/],
    ['a type FHIR does not have', [line('A'.repeat(22), { resource_type: 'Nonsense' })], /resource_type/],
    ['an interaction nobody knows', [line('A'.repeat(22), { interaction: 'look' })], /interaction/],
    ['nothing done', [line('A'.repeat(22), { count: 0 })], /count/],
    ['half of it', [line('A'.repeat(22), { count: 1.5 })], /count/],
    ['a time that is none', [line('A'.repeat(22), { last: 'today' })], /last/],
    ['more than was asked', [line('A'.repeat(22), { patient: 'p1' })], /uses\.0/],
    ['too many lines', Array.from({ length: 501 }, () => line('A'.repeat(22))), /uses/],
    ['no list', {}, /uses/],
  ])('[SEC-09] a report with %s is refused', async (_what, uses, words) => {
    const told = await report(suite.server.issuer, uses);
    expect(told).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(told.body.error_description).toMatch(words);
    expect(told.headers.get('cache-control')).toBe('no-store');
  });

  test('[SEC-09] [INT-09] so does one that is no JSON, or too large, or of nobody who may', async () => {
    const { issuer } = suite.server;
    expect((await report(issuer, '{')).status).toBe(400);
    expect((await report(issuer, JSON.stringify({ uses: 'x'.repeat(200_000) }))).status).toBe(413);
    expect((await report(issuer, [], {})).status).toBe(401);
    expect((await report(issuer, [], basic('secret-app', SECRET))).status).toBe(403);
    const get = await fetch(`${issuer}/usage`, { headers: RS });
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await newestGrant()).not.toBe('');
  });

  test('[SEC-09] while Gatehouse cannot be told, so much waits and the rest is counted as lost', async () => {
    const { issuer } = suite.server;
    const { access_token: token } = await tokensOf(issuer);
    const probe = kitProbe(issuer, { usage: { everySeconds: 0.05, most: 2 } }, (path) => path !== '/usage');
    const caller = await probe.server.authenticate({ authorization: `Bearer ${token}` });
    if (!caller.ok) throw new Error('the token is good');
    for (const kind of ['search-type', 'history-type', 'create'] as const)
      probe.server.used(caller.token, { kind, resourceType: 'Observation' });
    await until(() => probe.asked('/usage') > 2, 'it was tried again');
    expect(probe.server.status().lostUses).toBe(1);
    await probe.server.close();
    expect(probe.server.status().lostUses).toBe(3);
  });
});

describe('what an operator reads of usage', () => {
  let redis: RedisServer;
  let processes: ServerProcesses;
  let node: ServerProcess;
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    processes = await serverProcesses({ clients: [PUBLIC_APP, RESOURCE_SERVER], redisUrl: redis.url });
    node = await processes.start();
  });
  afterAll(async () => {
    await processes.remove();
    await redis.stop();
  });

  test('[SEC-2] grant show tells what was done and when, usage scopes what never was', async () => {
    const issuer = processes.issuer;
    expect(node.url).toBe(issuer);
    const ref = await refOf(issuer, (await tokensOf(issuer)).access_token);
    const last = 1_790_000_000;
    await report(issuer, [line(ref, { last }), line(ref, { interaction: 'search-type', last })]);
    const list = await processes.run('grant', 'list', '--user', 'amy');
    const id = list.stdout.split('\n')[1]?.split(' ')[0] ?? '';
    const shown = await processes.run('grant', 'show', '--user', 'amy', `--id=${id}`);
    expect(shown.stdout).toContain(`grant    ${id}\nclient   public-app\nuser     amy\npatient  p1\n`);
    expect(shown.stdout).toMatch(/^read +Observation +2 +2026-09-21T\S+ +2026-09-21T\S+ +fhir-server$/m);
    const scopes = await processes.run('usage', 'scopes', '--client', 'public-app');
    expect(scopes.stdout).toMatch(/^use was reported for 1 of 1 living grants$/m);
    expect(scopes.stdout).toMatch(/^patient\/Observation\.rs +1\/1 +- +2026-09-21T/m);
    expect(scopes.stdout).toMatch(/^patient\/Patient\.rs +0\/1 +rs +never$/m);
    const none = await processes.run('grant', 'show', '--user', 'amy', '--id=nonsense');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no such grant')]);
  });
});

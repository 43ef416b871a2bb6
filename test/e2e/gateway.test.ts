import { afterEach, beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { until } from '../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET } from '../support/clients.ts';
import { expectRefusal } from '../support/demo-suite.ts';
import { authorize, redeem } from '../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../support/gatehouse.ts';
import { freePort } from '../support/ports.ts';
import { cleanEnvironment, collect, gatehouseArgs, runGatehouse, terminate } from '../support/process.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

describe('gatehouse gateway', () => {
  let folder: string;
  let upstream: Upstream;
  let store: TestStore;
  let gatehouse: TestServer;
  let gateway: ChildProcess | undefined;
  let [base, port, managementPort] = ['', 0, 0];
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-gateway-'));
    await writeFile(path.join(folder, 'secret'), `${RS_SECRET}\n`);
    await writeFile(path.join(folder, 'upstream'), 'Basic dXA6c3RyZWFt\n');
    [port, managementPort] = [await freePort(), await freePort()];
    base = `http://localhost:${port}/fhir`;
    upstream = await startUpstream();
    upstream.put({ resourceType: 'Patient', id: 'p1' });
    store = await testStore('embedded');
    gatehouse = await startGatehouse(store, {
      clients: [PUBLIC_APP, RESOURCE_SERVER],
      fhirServers: [{ id: 'main', name: 'Main', url: base }],
    });
  });
  afterEach(async () => {
    if (gateway) await terminate(gateway);
    gateway = undefined;
  });
  afterAll(async () => {
    await gatehouse?.close();
    await store?.dispose();
    await upstream?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const options = (more: Record<string, string | undefined> = {}): string[] =>
    Object.entries({
      upstream: upstream.url,
      issuer: gatehouse.issuer,
      'fhir-base-url': base,
      'client-id': 'fhir-server',
      'client-secret-file': path.join(folder, 'secret'),
      ...more,
    }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  const start = async (): Promise<{ stdout: string; stderr: string }> => {
    const ports = [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--management-port',
      String(managementPort),
    ];
    const upstreamFile = { 'upstream-authorization-file': path.join(folder, 'upstream') };
    gateway = spawn(process.execPath, gatehouseArgs('gateway', ...options(upstreamFile), ...ports), {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = collect(gateway);
    await until(async () => (await health()).status === 200, 'the gateway was ready');
    return said;
  };
  const health = async (): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`http://127.0.0.1:${managementPort}/health/ready`).catch(() => undefined);
    return { status: response?.status ?? 0, body: await response?.json() };
  };

  test('[SEM-01] guards a FHIR server, says who read what, and stops in order', async () => {
    const said = await start();
    expect((await health()).body).toMatchObject({
      status: 'UP',
      checks: [{ name: 'fhir-server' }, { name: 'gatehouse' }],
    });
    expect((await fetch(`${base}/Patient/p1`)).status).toBe(401);
    const scope = 'launch/patient patient/Patient.rs';
    const code = await authorize(gatehouse.issuer, { scope, params: { aud: base } });
    const { access_token: token } = (await redeem(gatehouse.issuer, code)).body;
    const read = await fetch(`${base}/Patient/p1`, { headers: { authorization: `Bearer ${token}` } });
    expect([read.status, ((await read.json()) as { id: string }).id]).toEqual([200, 'p1']);
    expect(upstream.seen.at(-1)!.headers.authorization).toBe('Basic dXA6c3RyZWFt');
    expect(await terminate(gateway!)).toBe(0);
    expect(said.stdout).toMatch(/"type":"fhir\.access"[^\n]*"resourceType":"Patient"/);
    expect(`${said.stdout}${said.stderr}`).not.toMatch(new RegExp(`${token}|${RS_SECRET}|dXA6c3RyZWFt`));
  });

  test('is not ready while the FHIR server behind it does not answer', async () => {
    await start();
    upstream.answer((_seen, response) => response.destroy());
    await until(async () => (await health()).status === 503, 'it was not ready');
    upstream.answer(undefined);
    await until(async () => (await health()).status === 200, 'it was ready again');
  });

  test.each([
    [
      'no secret',
      { 'client-secret-file': undefined },
      /give either --client-secret-file .* or --private-key-file\n$/,
    ],
    [
      'a secret that is not there',
      { 'client-secret-file': '/nowhere' },
      /CLIENT_SECRET_FILE: cannot read \/nowhere\n$/,
    ],
    ['no URL', { upstream: 'fhir' }, /--upstream: write a URL such as .*; it is "fhir"\n$/],
    [
      'plain http',
      { 'fhir-base-url': 'http://fhir.example.org/r4' },
      /--fhir-base-url: use https; http is for localhost only\n$/,
    ],
    [
      'no seconds',
      { 'drain-delay': 'long' },
      /--drain-delay is a number of seconds up to 60; it is "long"\n$/,
    ],
    ['no number', { 'max-filtered-megabytes': 'much' }, /--max-filtered-megabytes is a number up to 1024\n$/],
    ['no port', { port: '99999' }, /--port is a number from 0 to 65535; it is "99999"\n$/],
    [
      'half of TLS',
      { 'tls-key-file': '/nowhere' },
      /--tls-certificate-file and --tls-key-file go together\n$/,
    ],
  ] as [string, Record<string, string | undefined>, RegExp][])(
    '%s is refused in one line',
    async (_what, more, why) => {
      expectRefusal(await runGatehouse(['gateway', ...options(more)]), why);
    },
  );
});

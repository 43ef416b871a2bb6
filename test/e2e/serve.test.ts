import { afterEach, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { until } from '../support/app.ts';
import { REDIRECT } from '../support/clients.ts';
import { authorize } from '../support/flow.ts';
import { FHIR } from '../support/gatehouse.ts';
import { freePort } from '../support/ports.ts';
import { runGatehouse } from '../support/process.ts';
import {
  COOKIE_KEY,
  STORE_SECRET,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';

const APP = `clients:
  - client_id: public-app
    client_name: Public App
    redirect_uris: ['${REDIRECT}']
    scope: openid fhirUser launch/patient offline_access patient/*.rs
`;

/** It answers probes a little before it has said that it is ready. */
function untilSaidReady({ said }: Serve): Promise<void> {
  return until(() => said.stdout.includes('"msg":"ready"'), 'it said that it was ready');
}

let folder: ServeFolder | undefined;
let server: Serve | undefined;
afterEach(async () => {
  await server?.stop();
  await folder?.remove();
  server = folder = undefined;
});

async function folderWith(change?: (yaml: string) => string): Promise<ServeFolder> {
  folder = await serveFolder(change);
  return folder;
}

/** Every line of the log. */
const logOf = ({ said }: Serve): Record<string, unknown>[] =>
  said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('serve with a good configuration', () => {
  test('it starts, logs JSON, answers health, and stops with 0', async () => {
    server = await startServe(await folderWith((yaml) => yaml + APP));
    const health = await fetch(`${server.management}/health/ready`);
    expect(await health.json()).toEqual({
      status: 'UP',
      checks: [
        { name: 'store', status: 'UP' },
        { name: 'keys', status: 'UP' },
        { name: 'clock', status: 'UP' },
        { name: 'audit', status: 'UP' },
        { name: 'store-safety', status: 'UP' },
      ],
    });
    expect(await (await fetch(`${server.management}/health/live`)).json()).toEqual({ status: 'UP' });
    expect(await (await fetch(`${server.management}/metrics`)).text()).toContain('# TYPE');
    expect((await fetch(`${server.issuer}/health/ready`)).status).toBe(404);
    const configuration = await fetch(`${server.issuer}/.well-known/openid-configuration`);
    expect(await configuration.json()).toMatchObject({ issuer: server.issuer });
    const { issuer } = server;
    await untilSaidReady(server);
    expect(logOf(server)).toContainEqual(
      expect.objectContaining({ msg: 'ready', issuer, store: 'embedded', port: folder!.port }),
    );
    expect(await server.stop()).toBe(0);
    expect(logOf(server)).toContainEqual(expect.objectContaining({ msg: 'stopping', signal: 'SIGTERM' }));
    expect(server.said.stderr).toBe('');
  });

  test('it has no demo users', async () => {
    const { issuer } = (server = await startServe(await folderWith((yaml) => yaml + APP)));
    await expect(authorize(issuer, { username: 'amy', password: 'demo-amy-1' })).rejects.toThrow(
      'answered 422: ',
    );
    const list = await runGatehouse(['user', 'list', '--config', folder!.config]);
    expect(list.stdout.trim().split('\n')).toHaveLength(1);
  });

  test('secrets may come from files, and the environment wins over the file', async () => {
    const { config } = await folderWith((yaml) =>
      yaml.replace(/secrets:\n.*\n.*\n/, '').replace('fhirServers', 'log: { level: error }\nfhirServers'),
    );
    const [port, managementPort] = [await freePort(), await freePort()];
    const env = {
      STORE_SECRET_FILE: await folder!.write('store', `${STORE_SECRET}\n`),
      COOKIE_KEYS_FILE: await folder!.write('cookies', `${COOKIE_KEY}\n${COOKIE_KEY}-older\n`),
      ISSUER: `http://localhost:${port}`,
      PORT: String(port),
      MANAGEMENT_PORT: String(managementPort),
      LOG_LEVEL: 'info',
      FHIR_BASE_URL: FHIR,
    };
    server = await startServe(folder!, env);
    await untilSaidReady(server);
    expect(logOf(server)).toContainEqual(
      expect.objectContaining({ msg: 'ready', issuer: env.ISSUER, port, managementPort }),
    );
    expect((await fetch(`${env.ISSUER}/.well-known/openid-configuration`)).status).toBe(200);
    const check = await runGatehouse(['config', 'check', '--config', config], env);
    expect(check).toMatchObject({
      code: 0,
      stdout: `the configuration is good: ${env.ISSUER}, store embedded, 1 FHIR server(s), 0 configured client(s)\n`,
    });
  });

  test('config check warns of FHIR servers that share a path, and says so of a good configuration', async () => {
    const { config } = await folderWith((yaml) =>
      yaml.replace(
        /fhirServers:/,
        (key) => `${key}\n  - { id: west, name: West, url: 'https://west.example/fhir' }`,
      ),
    );
    const check = await runGatehouse(['config', 'check', '--config', config]);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^the configuration is good: /) });
    expect(check.stderr).toMatch(
      /^warning: fhirServers: west, main have the same path in their URLs, so \/fhir\/\.well-known/,
    );
  });

  test('the example of the configuration folder is good, once its secrets are there', async () => {
    const { config } = await folderWith();
    const example = await readFile('config/gatehouse.example.yaml', 'utf8');
    const secrets = {
      redis_url: 'redis://localhost:6379',
      store_secret: STORE_SECRET,
      cookie_keys: COOKIE_KEY,
      fhir_server_secret: 'x1y2z3-x1y2z3-x1y2z3-x1y2z3-x1y2z3',
    };
    for (const [name, text] of Object.entries(secrets)) await folder!.write(name, text);
    await folder!.write('config.yaml', example.replaceAll('/run/secrets', folder!.dir));
    expect(await runGatehouse(['config', 'check', '--config', config])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('https://auth.hospital.example, store redis'),
    });
  });
});

import dns from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openRedisStore } from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, untilReady, type TestApp } from '../../support/app.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const CLIENTS = [PUBLIC_APP, RESOURCE_SERVER];
const TWO_YEARS_MS = 2 * 365 * 24 * 3600 * 1000;

/** A server on a Redis of its own, and everything that was said about reaching it. */
interface Scene {
  readonly redis: RedisServer;
  readonly server: TestServer;
  readonly app: TestApp;
  readonly said: string[];
}

async function sceneOn(redis: RedisServer, url: string): Promise<Scene> {
  const said: string[] = [];
  const open = () => openRedisStore(url, (error) => said.push(String(error)));
  const server = await startGatehouse({ open }, { clients: CLIENTS });
  return { redis, server, app: appOf(server.issuer), said };
}

/** What was there before can be used, and a new launch can be made; what is good for one use may have to be asked for anew. */
async function goesOn({ app, server }: Scene, accessToken: string, refreshToken: string): Promise<void> {
  await untilReady(server.managementUrl);
  await until(async () => (await app.introspect(accessToken)).status === 200, 'it answered again');
  expect(await app.isActive(accessToken)).toBe(true);
  expect((await app.refresh(refreshToken)).status).toBe(200);
  expect((await app.token(await app.newCode())).status).toBe(200);
}

async function isUnavailable({ app, server }: Scene, accessToken: string, refreshToken: string) {
  const isReady = async () => (await fetch(`${server.managementUrl}/health/ready`)).status === 200;
  await until(async () => !(await isReady()), 'the node was not ready');
  const answers = [
    await app.introspect(accessToken),
    await app.refresh(refreshToken),
    await app.revoke(refreshToken),
  ];
  expect(answers.map(toldOf)).toEqual(answers.map(() => UNAVAILABLE));
}

/** To the operator, with the next attempt to connect. */
const isSaid = ({ said }: Scene, what: string): Promise<void> =>
  until(() => said.join('\n').includes(what), `“${what}” was said`);

describe('the certificate of Redis', () => {
  const trusted = getCACertificates('default');
  let authorities: Readonly<Record<string, string>>;
  let folder: string;
  let scene: Scene;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-expired-'));
    const [good, old] = [
      await makeCertificate(['127.0.0.1']),
      await makeCertificate(['127.0.0.1'], new Date(Date.now() - TWO_YEARS_MS)),
    ];
    authorities = { good: good.authority, old: old.authority };
    setDefaultCACertificates([...trusted, good.authority]);
    for (const [name, { certificate, key }] of Object.entries({ good, old })) {
      await writeFile(path.join(folder, `${name}.pem`), certificate);
      await writeFile(path.join(folder, `${name}.key`), key);
    }
    await writeFile(path.join(folder, 'authority.pem'), good.authority);
    const port = await freePort();
    const flags = { ...files('good'), 'tls-ca-cert-file': path.join(folder, 'authority.pem') };
    const args = Object.entries({ ...flags, 'tls-auth-clients': 'no', 'tls-port': String(port) });
    const redis = await startRedis({ args: args.flatMap(([name, value]) => [`--${name}`, value]) });
    scene = await sceneOn(redis, `rediss://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await scene?.server.close();
    await scene?.redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const files = (name: string) => ({
    'tls-cert-file': path.join(folder, `${name}.pem`),
    'tls-key-file': path.join(folder, `${name}.key`),
  });
  const present = async (name: string): Promise<void> => {
    const settings = Object.entries(files(name)).map((setting) => setting.join(' '));
    await scene.redis.tell(`CONFIG SET ${settings.join(' ')}`);
    // Each authority calls itself alike, so they are trusted one at a time.
    setDefaultCACertificates([...trusted, authorities[name] ?? '']);
  };

  test('[F16] [C2.10] has expired: 503, said to the operator, nothing in the clear; a good one, and it goes on by itself', async () => {
    const tokens = await scene.app.newTokens();
    await present('old');
    await scene.redis.tell('CLIENT KILL TYPE normal');
    await isUnavailable(scene, tokens.access_token, tokens.refresh_token);
    await isSaid(scene, 'certificate has expired');
    // The same Redis would answer in the clear, on its other port.
    expect(await scene.redis.tell('CLIENT LIST TYPE normal')).not.toMatch(/cmd=(info|mget|get|fcall|eval)/);
    await present('good');
    await goesOn(scene, tokens.access_token, tokens.refresh_token);
  });
});

describe('the name of Redis', () => {
  const NAME = 'redis.hospital.test';
  const { lookup } = dns;
  let known = true;
  let scene: Scene;

  beforeAll(async () => {
    const redis = await startRedis();
    // No resolver can be asked here; how Node is told of a name that is there, and of one that is not, is the same.
    jest.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: [object, Resolved]) => {
      if (host !== NAME) return Reflect.apply(lookup, dns, [host, ...rest]);
      if (known) return Reflect.apply(lookup, dns, ['127.0.0.1', ...rest]);
      return rest[1](Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
    }) as unknown as typeof dns.lookup);
    scene = await sceneOn(redis, `redis://${NAME}:${redis.port}`);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await scene?.server.close();
    await scene?.redis.stop();
  });
  type Resolved = (error: Error) => void;

  test('[F42] cannot be resolved: connections that are there go on; without one 503; it can again, and it goes on by itself', async () => {
    const tokens = await scene.app.newTokens();
    known = false;
    expect(await scene.app.isActive(tokens.access_token)).toBe(true);
    await scene.redis.tell('CLIENT KILL TYPE normal SKIPME yes');
    await isUnavailable(scene, tokens.access_token, tokens.refresh_token);
    await isSaid(scene, `ENOTFOUND ${NAME}`);
    known = true;
    await goesOn(scene, tokens.access_token, tokens.refresh_token);
  });

  test('[F42] at the start it is said at once, with the name', async () => {
    known = false;
    await expect(openRedisStore(`redis://${NAME}:6379`, () => undefined)).rejects.toThrow(
      new RegExp(`cannot reach Redis at ${NAME}.*ENOTFOUND`),
    );
  });
});

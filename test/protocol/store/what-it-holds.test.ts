import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { pino, type Logger } from 'pino';

import { KEY_TABLE } from '../../../src/store/index.ts';
import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
} from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, postForm, redeem, refresh } from '../../support/flow.ts';
import {
  DRIVERS,
  PASSWORD,
  STORE_SECRET,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

/** What the names of a row of the table look like. */
function patternOf(key: string): RegExp {
  const text = key
    .replace(/[{}.]/g, '\\$&')
    .replace(/<model>/, '[a-z-]+')
    .replace(/<[a-z]+>/g, '[A-Za-z0-9_.-]+');
  return new RegExp(`^${text}$`);
}

/** More on demand: `FLOWS=500 npm run jest test/protocol/store`. */
const FLOWS = Number(process.env['FLOWS'] ?? 20);
/** Searching what they leave behind takes its time, too. */
const FLOWS_MS = 100_000 + FLOWS * 2000;
jest.setTimeout(FLOWS_MS);

describe.each(DRIVERS)('after many flows, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let logged = '';
  let log: Logger;
  let anotherFlow: () => Promise<void>;
  /** Whatever would let somebody in. */
  const secrets = new Set<string>([PASSWORD, SECRET, RS_SECRET, STORE_SECRET]);
  const keep = (...texts: unknown[]): void => {
    for (const text of texts) if (typeof text === 'string' && text.length > 0) secrets.add(text);
  };

  beforeAll(async () => {
    // Compressed, or cut into pieces, nothing would be found whatever is there.
    const args = ['--rdbcompression', 'no', '--aof-use-rdb-preamble', 'no'];
    store = await testStore(driver, { appendOnly: true, args });
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const ehr = await ehrClient(issuer);
    const backend = await keyedClient('backend', 'ES384');
    const clients = [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, ehr.registration, backend.registration];
    // One address, and more of everything than any real one sends.
    const limits = {
      tokensPerClient: 0,
      failuresPerAddress: 0,
      authorizationsPerAddress: 0,
      launchesPerEhr: 0,
    };
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged += chunk.toString();
        done();
      },
    });
    log = pino({ level: 'trace' }, sink);
    server = await startGatehouse(store, { clients, limits }, port, { log });
    anotherFlow = () => oneFlow(issuer, ehr, backend);
    for (let at = 0; at < FLOWS; at += 1) await anotherFlow();
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  async function oneFlow(
    issuer: string,
    ehr: Awaited<ReturnType<typeof ehrClient>>,
    backend: Awaited<ReturnType<typeof keyedClient>>,
  ): Promise<void> {
    const own = await authorize(issuer);
    const { body } = await redeem(issuer, own);
    const { body: next } = await refresh(issuer, body.refresh_token);
    const { body: launcher } = await backendToken(issuer, ehr, `${issuer}/scopes/launch`);
    const { body: launch } = await announce(issuer, launcher.access_token, { patient: 'p7' });
    const scope = 'launch openid offline_access user/Patient.rs';
    const options = { clientId: 'secret-app', username: 'dora', scope, params: { launch: launch.launch } };
    const launched = await authorize(issuer, options);
    const { body: app } = await redeem(issuer, launched, {}, basic('secret-app', SECRET));
    const { body: service } = await backendToken(issuer, backend, 'system/Patient.rs');
    const rs = basic('fhir-server', RS_SECRET);
    for (const token of [body.access_token, app.access_token, 'gat_nonsense'])
      await postForm(`${issuer}/introspect`, { token }, rs);
    await refresh(issuer, 'grt_nonsense');
    await redeem(issuer, own);
    await postForm(`${issuer}/revoke`, { token: next.refresh_token, client_id: 'public-app' });
    keep(own.code, own.verifier, launched.code, launched.verifier, launch.launch);
    for (const answer of [body, next, app, service, launcher])
      keep(answer.access_token, answer.refresh_token, answer['id_token']);
  }

  /** Plain, encoded, and hashed without a key: none of these may be found. */
  function formsOf(secret: string): Buffer[] {
    const plain = Buffer.from(secret);
    const hash = createHash('sha256').update(secret).digest();
    return [
      plain,
      Buffer.from(plain.toString('base64').replace(/=+$/, '')),
      Buffer.from(plain.toString('base64url')),
      Buffer.from(plain.toString('hex')),
      hash,
      Buffer.from(hash.toString('hex')),
      Buffer.from(hash.toString('base64url')),
    ];
  }
  const foundIn = (bytes: Buffer): string[] =>
    [...secrets].filter((secret) => formsOf(secret).some((form) => bytes.includes(form)));

  async function filesOnDisk(): Promise<{ readonly name: string; readonly bytes: Buffer }[]> {
    const files = await readdir(store.dataDir, { recursive: true, withFileTypes: true });
    const read = files
      .filter((file) => file.isFile())
      .map(async ({ name, parentPath }) => ({ name, bytes: await readFile(path.join(parentPath, name)) }));
    return Promise.all(read);
  }

  /** What is in memory, too: as a dump beside the append-only file. */
  async function dump(): Promise<void> {
    if (store.redis) await store.redis.tell('SAVE');
  }

  test('[SEC-11] [SEC-04] its files hold nothing that would let anybody in: dump, append-only file, database, log of writes', async () => {
    await dump();
    const files = await filesOnDisk();
    const names = files.map(({ name }) => name).join(' ');
    expect(names).toMatch(driver === 'redis' ? /dump\.rdb/ : /gatehouse\.sqlite-wal/);
    if (driver === 'redis') expect(names).toMatch(/appendonly\.aof/);
    expect(secrets.size).toBeGreaterThan(10 * FLOWS);
    for (const { bytes } of files) expect(foundIn(bytes)).toEqual([]);
    // Each of the large ones is one that can be searched: names of keys are in it.
    const large = files.filter(({ name, bytes }) => bytes.byteLength > 10_000 && !name.endsWith('-shm'));
    expect(large.length).toBeGreaterThan(0);
    for (const { bytes } of large) expect(bytes.includes('gh:{')).toBe(true);
  });

  test('[SEC-11] the search finds a secret that is there, in every form, file and log', async () => {
    const planted = [...secrets].at(-1) ?? '';
    expect(formsOf(planted).map((form) => foundIn(Buffer.concat([Buffer.of(0), form]))[0])).toEqual(
      formsOf(planted).map(() => planted),
    );
    await server.driver.put({ key: 'gh:{planted}:record', value: Buffer.from(planted) });
    await dump();
    const found = (await filesOnDisk()).filter(({ bytes }) => foundIn(bytes).includes(planted));
    const where = found.map(({ name }) => name).join(' ');
    for (const file of driver === 'redis' ? ['dump.rdb', 'appendonly.aof'] : ['gatehouse.sqlite'])
      expect(where).toContain(file);
    await server.driver.remove(['gh:{planted}:record']);
    log.warn({ planted }, 'a secret that somebody logs');
    expect(foundIn(Buffer.from(logged))).toEqual([planted]);
    logged = logged.replaceAll(planted, '');
  });

  test('[SEC-11] [SEC-04] neither do log, audit trail and metrics', async () => {
    expect(logged.length).toBeGreaterThan(1000);
    expect(foundIn(Buffer.from(logged))).toEqual([]);
    expect(foundIn(Buffer.from(JSON.stringify(server.audit)))).toEqual([]);
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    expect(metrics).toContain('gatehouse_');
    expect(foundIn(Buffer.from(metrics))).toEqual([]);
  });

  test('[C2.4] every key is in the table of docs/store.md, and every one that should end has an end', async () => {
    if (!store.redis) return;
    const redis = new Redis(store.redis.url);
    const names = await redis.keys('*');
    const patterns = KEY_TABLE.map(({ key, keptFor }) => ({
      pattern: patternOf(key),
      ends: !/^(until removed|for good|entries)/.test(String(keptFor)),
    }));
    const unknown = names.filter((name) => !patterns.some(({ pattern }) => pattern.test(name)));
    expect(unknown).toEqual([]);
    const left = await Promise.all(names.map((name) => redis.pttl(name)));
    const endless = names.filter(
      (name, at) => (left[at] ?? 0) < 0 && patterns.some(({ pattern, ends }) => ends && pattern.test(name)),
    );
    expect(endless).toEqual([]);
    await redis.quit();
  });

  test('[C2.4] what is always kept for the same time is kept for the time in docs/store.md', async () => {
    if (!store.redis) return;
    const redis = new Redis(store.redis.url);
    const longest = new Map<string, number>();
    for (const name of await redis.keys('*')) {
      const row = KEY_TABLE.find(({ key }) => patternOf(key).test(name));
      const seconds = (await redis.pttl(name)) / 1000;
      if (typeof row?.keptFor === 'number')
        longest.set(row.key, Math.max(longest.get(row.key) ?? 0, seconds));
    }
    await redis.quit();
    expect([...longest.keys()]).toContain('gh:{<grant>}:ac:<hash>:used');
    const wrong = [...longest].filter(([key, seconds]) => {
      const kept = Number(KEY_TABLE.find((row) => row.key === key)?.keptFor);
      // Some of it has passed since the flows.
      return seconds > kept || seconds < kept / 2;
    });
    expect(wrong).toEqual([]);
  });

  test('[C2.4] scopes, context and whose they are lie in the row of each grant, and in none of its tokens', async () => {
    await redeem(server.issuer, await authorize(server.issuer));
    const { vault } = server;
    const rows: { readonly key: string; readonly value: Uint8Array }[] = [];
    for await (const batch of server.driver.dump())
      rows.push(...batch.flatMap((row) => ('value' in row ? [row] : [])));
    const said = (kind: string): string[] =>
      rows
        .filter(({ key }) => key.includes(`}:${kind}`) && !key.endsWith(':used'))
        .map(({ key, value }) => JSON.stringify(vault.open(key, value)));
    const grants = said('grant');
    expect(grants.length).toBeGreaterThan(0);
    // Once each: oidc-provider's own lists of scopes follow from ours.
    for (const grant of grants) expect(grant.split('.rs').length).toBeLessThanOrEqual(3);
    expect([...said('family'), ...said('at:'), ...said('ac:')].length).toBeGreaterThan(2);
    for (const row of [...said('family'), ...said('at:'), ...said('ac:')])
      expect(row).not.toMatch(/Patient|"scope"|"extra"|"aud"|"resource"|"clientId"|"accountId"/);
  });

  test('[SEC-11] [C2.4] the sizes in docs/store.md are those of a real store', async () => {
    if (!store.redis) return;
    // Of many flows, what is kept for a minute only has gone by now.
    await anotherFlow();
    const redis = new Redis(store.redis.url);
    const sizes = new Map<string, number>();
    for (const name of await redis.keys('*')) {
      const row = KEY_TABLE.find(({ key }) => patternOf(key).test(name));
      const bytes = Number(await redis.memory('USAGE', name, 'SAMPLES', '0'));
      if (row && !row.holds.startsWith('index')) sizes.set(row.key, Math.max(sizes.get(row.key) ?? 0, bytes));
    }
    await redis.quit();
    expect(sizes.size).toBeGreaterThan(15);
    const wrong = KEY_TABLE.flatMap(({ key, bytes }) => {
      const found = sizes.get(key);
      const isRight = found === undefined || (found <= (bytes ?? 0) && found >= (bytes ?? 0) / 2);
      return isRight ? [] : [`${key}: ${found} bytes, the table has ${bytes ?? 'none'}`];
    });
    expect(wrong).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { UNAVAILABLE, appOf, toldOf, until, untilReady, type TestApp } from '../../support/app.ts';
import { auditLogOf, faultyDisk, verifiedLog } from '../../support/audit-disk.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { ASSERTION_TYPE, PUBLIC_APP, RESOURCE_SERVER, keyedClient } from '../../support/clients.ts';
import { arrive, authorizeUrl, openScreen, pkce, postForm, submit } from '../../support/flow.ts';
import { FHIR, startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';

const disk = faultyDisk();
const faults = ['ENOSPC', 'EIO', 'EROFS'] as const;

describe('a disk that does not take the audit log', () => {
  let store: TestStore;
  let server: TestServer;
  let app: TestApp;
  const clients = { backend: keyedClient('backend', 'ES384') };
  beforeAll(async () => {
    store = await testStore('embedded');
    const { registration } = await clients.backend;
    server = await startGatehouse(
      store,
      { clients: [PUBLIC_APP, RESOURCE_SERVER, registration] },
      undefined,
      { auditDisk: disk.over },
    );
    app = appOf(server.issuer);
  });
  afterEach(async () => {
    delete disk.fault;
    await untilReady(server.managementUrl);
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  const backendToken = async () =>
    postForm(`${server.issuer}/token`, {
      grant_type: 'client_credentials',
      scope: 'system/Observation.rs',
      resource: FHIR,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await (await clients.backend).assertion(`${server.issuer}/token`),
    });
  const issued = (): number => server.audit.filter(({ type }) => type === 'token.issued').length;

  test.each(faults)('[F36] [SEC-4] %s: no token of any kind, and nothing is used up', async (fault) => {
    const code = await app.newCode();
    const { refresh_token: refreshToken } = await app.newTokens();
    const before = issued();
    disk.fault = fault;
    const answers = [await app.token(code), await app.refresh(refreshToken), await backendToken()];
    expect(answers.map(toldOf)).toEqual([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    expect(answers[0]?.body['error_description']).toContain('cannot write its audit log');
    expect(issued()).toBe(before);
    delete disk.fault;
    await untilReady(server.managementUrl);
    const later = [await app.token(code), await app.refresh(refreshToken), await backendToken()];
    expect(later.map(toldOf)).toEqual(['200 fine', '200 fine', '200 fine']);
    expect(issued()).toBe(before + 3);
  });

  test('[F36] [SEC-4] nobody signs in, decides or gets a code; afterwards they can go on', async () => {
    const screen = await openScreen(server.issuer, 'login');
    const consent = await openScreen(server.issuer, 'consent');
    disk.fault = 'ENOSPC';
    const refused = [await submit(server.issuer, screen), await submit(server.issuer, consent)];
    expect(refused.map(({ callback, response }) => [callback, response.status])).toEqual([
      [undefined, 503],
      [undefined, 503],
    ]);
    expect(refused[0]?.response.headers.get('retry-after')).toBe('2');
    const { challenge } = pkce();
    const silent = authorizeUrl(server.issuer, { params: { prompt: 'none' } }, challenge);
    expect((await arrive(server.issuer, consent.browser, await consent.browser.get(silent))).callback).toBe(
      undefined,
    );
    delete disk.fault;
    await untilReady(server.managementUrl);
    expect((await submit(server.issuer, consent)).callback?.searchParams.has('code')).toBe(true);
  });

  test('[F36] [SEC-4] revoking, introspecting and signing out go on, and are in the log afterwards', async () => {
    const [first, second] = [await app.newTokens(), await app.newTokens()];
    const { browser } = await openScreen(server.issuer, 'consent');
    disk.fault = 'EIO';
    expect(toldOf(await backendToken())).toBe(UNAVAILABLE);
    expect(toldOf(await app.revoke(first.refresh_token))).toBe('200 fine');
    expect(await app.isActive(first.access_token)).toBe(false);
    expect(await app.isActive(second.access_token)).toBe(true);
    const page = await browser.get(`${server.issuer}/logout`);
    const html = await page.text();
    const action = new URL(/action="([^"]+)"/.exec(html)![1]!, page.url).href;
    expect((await browser.post(action, { ...formFields(html), logout: ['yes'] })).status).toBe(303);
    const said = await (await fetch(`${server.managementUrl}/health/ready`)).text();
    expect(said).toContain('the audit log cannot be written: Error: EIO: write');
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/^gatehouse_audit_unavailable 1$/m);
    expect(metrics).toMatch(/^gatehouse_audit_held [1-9]/m);
    const before = (await auditLogOf(server.dataDir)).length;
    delete disk.fault;
    await untilReady(server.managementUrl);
    const added = (await auditLogOf(server.dataDir)).slice(before);
    expect(added.map(({ type }) => type)).toEqual(expect.arrayContaining(['token.revoked', 'audit.resumed']));
    expect(added.at(-1)).toMatchObject({ type: 'audit.resumed', lost: 0, held: added.length - 1 });
    expect(await (await fetch(`${server.managementUrl}/metrics`)).text()).toMatch(
      /^gatehouse_audit_unavailable 0$/m,
    );
  });

  test('[F36] [SEC-4] with it failing now and then under load, each token that was given has its record', async () => {
    const given: string[] = [];
    let isOver = false;
    const flicker = (async () => {
      while (!isOver) {
        disk.fault = 'ENOSPC';
        await until(async () => (await backendToken()).status === 503, 'it failed');
        delete disk.fault;
        await untilReady(server.managementUrl);
        await until(() => given.length > 0, 'one was given');
      }
    })();
    for (let asked = 0; asked < 60 || given.length === 0; asked += 1) {
      const answers = await Promise.all([backendToken(), backendToken(), backendToken()]);
      for (const { status, body } of answers) if (status === 200) given.push(body.access_token);
    }
    isOver = true;
    await flicker;
    const recorded = new Set(
      (await auditLogOf(server.dataDir)).flatMap((one) =>
        one.type === 'token.issued' ? [one.tokenHash] : [],
      ),
    );
    expect(given.length).toBeGreaterThan(0);
    const hashOf = (text: string): string => server.vault.keys.keyedHash('token', text);
    expect(given.filter((token) => !recorded.has(hashOf(token)))).toEqual([]);
    expect((await verifiedLog(server.dataDir)).filter(({ fault }) => fault)).toEqual([]);
  });
});

describe('a data directory in which the audit log has no place', () => {
  test('[F36] [SEC-4] the server comes up and grants nothing, and begins when there is one', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-no-place-'));
    // Root may write to a folder whatever its mode; a file is no folder for anybody.
    await writeFile(path.join(dataDir, 'audit'), '');
    const store = await testStore('embedded');
    const clients = [PUBLIC_APP, RESOURCE_SERVER];
    const server = await startGatehouse(store, { clients, store: { dataDir } });
    try {
      const said = await fetch(`${server.managementUrl}/health/ready`);
      expect([said.status, await said.text()]).toEqual([503, expect.stringContaining('ENOTDIR')]);
      const browser = new CookieBrowser();
      const screen = await openScreen(server.issuer, 'login', { browser });
      expect((await submit(server.issuer, screen)).response.status).toBe(503);
      expect(await appOf(server.issuer).isActive('unknown')).toBe(false);
      await rm(path.join(dataDir, 'audit'));
      await untilReady(server.managementUrl);
      expect((await appOf(server.issuer).newTokens()).access_token).toBeTruthy();
      const years = await readdir(path.join(dataDir, 'audit'));
      expect(years).toContain(String(new Date().getUTCFullYear()));
      expect((await auditLogOf(dataDir)).map(({ type }) => type)).toEqual(
        expect.arrayContaining(['server.start', 'audit.resumed', 'token.issued']),
      );
    } finally {
      await server.close();
      await store.dispose();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { DemoResource } from '../../../src/demo/data/fhir.ts';
import { until } from '../../support/app.ts';
import { auditEventIds } from '../../support/audit-disk.ts';
import { PUBLIC_APP, RESOURCE_SERVER, keyedClient, type KeyedClient } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

const META = { versionId: '1', lastUpdated: '2026-11-01T08:00:00Z' };
const AMY = { resourceType: 'Patient', id: 'p1', meta: META, name: [{ text: 'Amy Shaw' }] };
const SCOPE = 'launch/patient patient/AuditEvent.rs patient/Observation.rs';

interface Found {
  readonly id: string;
  readonly meta: { readonly versionId: string };
  readonly entity?: readonly { readonly what?: { readonly reference?: string } }[];
}
interface Page {
  readonly entry?: readonly { readonly resource: Found }[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}

describe('the audit log on its way to the FHIR server of the demo', () => {
  let folder: string;
  let store: TestStore;
  let server: TestServer;
  let fhir: TestFhirServer;
  let auditor: KeyedClient;
  beforeAll(async () => {
    const port = await freePort();
    [folder, auditor, store] = await Promise.all([
      mkdtemp(path.join(tmpdir(), 'gatehouse-demo-fhir-')),
      keyedClient('auditor', 'ES384', { scope: 'system/AuditEvent.rs' }),
      testStore('embedded'),
    ]);
    fhir = await fhirServerFor(`http://localhost:${port}`, {
      resources: [AMY as unknown as DemoResource],
      keepIn: path.join(folder, 'fhir.jsonl'),
    });
    await fhir.start();
    const config = {
      clients: [PUBLIC_APP, RESOURCE_SERVER, auditor.registration],
      fhirServers: [{ id: 'main', url: fhir.base }],
      audit: { delivery: [{ id: 'demo', fhirServer: 'main' }] },
    };
    server = await startGatehouse(store, config, port);
  });
  afterAll(async () => {
    await server.close();
    await fhir.stop();
    await store.dispose();
    await rm(folder, { recursive: true });
  });
  const newToken = async (): Promise<string> => {
    const authorized = await authorize(server.issuer, { scope: SCOPE, params: { aud: fhir.base } });
    return (await redeem(server.issuer, authorized)).body.access_token;
  };
  const systemToken = async (): Promise<string> =>
    (await backendToken(server.issuer, auditor, 'system/AuditEvent.rs')).body.access_token;
  const ask = (below: string, token: string, init: RequestInit = {}): Promise<Response> =>
    fetch(below.startsWith('http') ? below : `${fhir.base}/${below}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    });
  /** Over all pages. */
  const found = async (query: string, token: string): Promise<Found[]> => {
    const all: Found[] = [];
    for (let next: string | undefined = `AuditEvent?${query}&_count=50`; next !== undefined;) {
      const page: Page = (await (await ask(next, token)).json()) as Page;
      all.push(...(page.entry ?? []).map(({ resource }) => resource));
      next = page.link.find(({ relation }) => relation === 'next')?.url;
    }
    return all;
  };
  const idsThere = async (token: string): Promise<string[]> => (await found('', token)).map(({ id }) => id);
  /** What was in the log when it was looked: some more may come at any moment. */
  const holdsAll = async (token: string): Promise<boolean> => {
    const local = await auditEventIds(server);
    const there = await idsThere(token);
    return local.length > 0 && local.every((id) => there.includes(id));
  };
  const waiting = async (): Promise<number> => {
    const page = await (await fetch(`${server.managementUrl}/metrics`)).text();
    return Number(/^gatehouse_audit_delivery_waiting{[^}]*} (.*)$/m.exec(page)?.[1]);
  };

  test('[SEC-5] [F37] stopped, and started again on its port: it holds exactly the local set, each once, in order', async () => {
    const token = await systemToken();
    await newToken();
    await until(() => holdsAll(token), 'all was there');
    // Cut off, perhaps in the middle of a batch.
    await newToken();
    await fhir.stop();
    await newToken();
    await until(async () => (await waiting()) > 0, 'it waited');
    await fhir.start();
    await until(() => holdsAll(token), 'all was there again');
    const there = await idsThere(token);
    expect(new Set(there).size).toBe(there.length);
    expect(there).toEqual((await auditEventIds(server)).slice(0, there.length));
    expect(there.length).toBeGreaterThan(12);
  });

  test('[SEC-5] an event is read back by its id, and an app sees those about its patient alone', async () => {
    const [token, app] = await Promise.all([systemToken(), newToken()]);
    await until(() => holdsAll(token), 'all was there');
    const [first] = await auditEventIds(server);
    const read = await ask(`AuditEvent/${first}`, token);
    expect([read.status, await read.json()]).toMatchObject([200, { resourceType: 'AuditEvent', id: first }]);
    expect((await found(`_id=${first}`, token)).map(({ id }) => id)).toEqual([first]);
    // The start of the server is about nobody.
    expect((await ask(`AuditEvent/${first}`, app)).status).toBe(404);
    const own = await found('patient=p1', app);
    expect(own.length).toBeGreaterThan(0);
    for (const { entity = [] } of own)
      expect(entity.map(({ what }) => what?.reference)).toContain('Patient/p1');
  });

  test('[SEC-5] [SEM-04] nobody else writes one', async () => {
    const [token, app] = await Promise.all([systemToken(), newToken()]);
    const init = { method: 'PUT', body: JSON.stringify({ resourceType: 'AuditEvent', id: 'made-up' }) };
    const statuses = [];
    for (const shown of [token, app]) statuses.push((await ask('AuditEvent/made-up', shown, init)).status);
    expect(statuses).toEqual([403, 403]);
    expect((await fetch(`${fhir.base}/AuditEvent/made-up`, init)).status).toBe(401);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { createTrack } from '../../../src/archive/index.ts';
import { DEMO_RESOURCES } from '../../../src/demo/data/demo-data.ts';
import { until } from '../../support/app.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, postForm, redeem, type FlowOptions } from '../../support/flow.ts';
import {
  DRIVERS,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';
import { answerWith, startStubFhir, type StubFhir } from '../../support/stub-fhir.ts';

const LIMITS = { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 };
const CLIENTS = [PUBLIC_APP, RESOURCE_SERVER];
const SCOPE = 'openid launch/patient offline_access patient/Patient.rs patient/Consent.rs';

const [AMY] = DEMO_RESOURCES.filter(({ resourceType }) => resourceType === 'Patient');
const PATIENTS = ['p1', 'p2'].map((id) => ({ ...AMY!, id }));

interface Bundle {
  readonly entry?: { readonly resource: Record<string, unknown> }[];
}

const metric = async ({ managementUrl }: TestServer, name: string): Promise<number> => {
  const page = await (await fetch(`${managementUrl}/metrics`)).text();
  return Number(new RegExp(`^gatehouse_push_${name}\\{server="main"\\} (.+)$`, 'm').exec(page)?.[1]);
};

async function stopAll(issuer: string, browser: CookieBrowser): Promise<void> {
  const html = await (await browser.get(`${issuer}/apps`)).text();
  await browser.post(`${issuer}/apps`, { ...formFields(html), stop: 'all' });
}

describe.each(DRIVERS)('records of decisions on the FHIR server, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let fhir: TestFhirServer;
  beforeAll(async () => {
    const port = await freePort();
    fhir = await fhirServerFor(`http://localhost:${port}`, { resources: PATIENTS });
    store = await testStore(driver);
    const fhirServers = [{ id: 'main', url: fhir.base }];
    const config = { clients: CLIENTS, limits: LIMITS, fhirServers, records: { push: ['main'] } };
    server = await startGatehouse(store, config, port);
  });
  afterAll(async () => {
    await server.close();
    await fhir.stop();
    await store.dispose();
  });
  const allow = (options: FlowOptions = {}) =>
    authorize(server.issuer, { scope: SCOPE, params: { aud: fhir.base }, ...options });
  const consentsFor = async (token: string): Promise<Record<string, unknown>[]> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${fhir.base}/Consent?patient=p1`, { headers });
    const { entry = [] } = (await answer.json()) as Bundle;
    return entry.map(({ resource }) => resource);
  };

  test('[SEC-9] while the FHIR server is away people decide as ever; when it is back an app reads the Consent', async () => {
    const browser = new CookieBrowser();
    const { access_token: token } = (await redeem(server.issuer, await allow({ browser }))).body;
    await stopAll(server.issuer, browser);
    const { access_token: reader } = (await redeem(server.issuer, await allow())).body;
    await until(async () => (await metric(server, 'waiting')) === 3, 'three records waited');
    expect(await metric(server, 'failures_total')).toBeGreaterThan(0);
    expect(await metric(server, 'oldest_seconds')).toBeGreaterThan(0);
    await fhir.start();
    await until(async () => (await metric(server, 'waiting')) === 0, 'they were sent');
    const found = await consentsFor(reader);
    expect(found.map(({ status }) => status).toSorted()).toEqual(['active', 'inactive']);
    expect(found[0]).toMatchObject({
      patient: { reference: 'Patient/p1' },
      performer: [{ display: 'Amy Shaw' }],
    });
    // The token of the app that was stopped reads nothing any more.
    expect(await consentsFor(token)).toEqual([]);
  });

  test('[SEC-9] [SEC-10] another person’s app does not see it, and may not write one', async () => {
    const ben = await allow({ username: 'ben' });
    const { access_token: token } = (await redeem(server.issuer, ben)).body;
    expect(await consentsFor(token)).toEqual([]);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
    const resource = { resourceType: 'Consent', id: 'x', patient: { reference: 'Patient/p2' } };
    const entry = [{ resource, request: { method: 'PUT', url: 'Consent/x' } }];
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    expect((await fetch(fhir.base, { method: 'POST', headers, body })).status).toBe(403);
  });
});

describe('records of decisions on a FHIR server that does as it is told', () => {
  let store: TestStore;
  let server: TestServer;
  let stub: StubFhir;
  beforeAll(async () => {
    [store, stub] = await Promise.all([testStore('embedded'), startStubFhir()]);
    const fhirServers = [{ id: 'main', url: stub.url }];
    const config = { clients: CLIENTS, limits: LIMITS, fhirServers, records: { push: ['main'] } };
    server = await startGatehouse(store, config);
  });
  afterAll(async () => {
    await server.close();
    await stub.close();
    await store.dispose();
  });
  afterEach(() => {
    stub.sent.length = 0;
    stub.answer = stub.consent = undefined;
  });
  const allow = (): Promise<unknown> => authorize(server.issuer, { scope: SCOPE, params: { aud: stub.url } });
  const untilSent = (many = 1): Promise<void> => until(() => stub.sent.length >= many, `${many} were sent`);
  const track = () => createTrack(server.dataDir, { id: 'main', url: stub.url });

  test('[SEC-9] [SEC-10] one transaction puts both under their ids, with a token for that and nothing else', async () => {
    await allow();
    await untilSent();
    const [[consent, provenance, ...none] = []] = stub.sent;
    expect(none).toEqual([]);
    expect(consent?.request).toEqual({ method: 'PUT', url: `Consent/${consent?.resource.id}` });
    expect(provenance?.request).toEqual({ method: 'PUT', url: `Provenance/${provenance?.resource.id}` });
    expect(consent?.resource).toMatchObject({
      status: 'active',
      patient: { reference: 'Patient/p1' },
      performer: [{ reference: 'Patient/p1' }],
    });
    for (const token of stub.tokens) {
      const { body } = await postForm(
        `${server.issuer}/introspect`,
        { token },
        basic('fhir-server', RS_SECRET),
      );
      expect(body).toMatchObject({
        active: true,
        client_id: 'gatehouse',
        scope: 'system/Consent.cru system/Provenance.cu',
      });
    }
  });

  test('[SEC-9] a newer decision that is there stays: the older one only adds its Provenance', async () => {
    stub.consent = {
      resourceType: 'Consent',
      dateTime: '2999-01-01T00:00:00.000Z',
      meta: { versionId: '7' },
    };
    await allow();
    await untilSent();
    expect(stub.sent[0]?.map(({ resource }) => resource.resourceType)).toEqual(['Provenance']);
  });

  test('[SEC-9] what is there and older is replaced, unless somebody wrote it meanwhile: then it is looked at again', async () => {
    stub.consent = {
      resourceType: 'Consent',
      dateTime: '2001-01-01T00:00:00.000Z',
      meta: { versionId: '7' },
    };
    stub.answer = (_entries, response) => {
      stub.consent = {
        resourceType: 'Consent',
        dateTime: '2001-01-01T00:00:01.000Z',
        meta: { versionId: '8' },
      };
      stub.answer = undefined;
      answerWith(response, 412, { resourceType: 'OperationOutcome', issue: [{ code: 'conflict' }] });
    };
    await allow();
    await untilSent(2);
    expect(stub.sent.map(([consent]) => consent?.request.ifMatch)).toEqual(['W/"7"', 'W/"8"']);
    expect(await track().aside()).toEqual([]);
  });

  test('[SEC-9] a record that is refused is set aside with what the server says; the next one is sent', async () => {
    stub.answer = (_entries, response) => {
      stub.answer = undefined;
      const issue = [{ code: 'invalid', diagnostics: 'no such patient\nhere' }];
      answerWith(response, 422, { resourceType: 'OperationOutcome', issue });
    };
    await allow();
    await allow();
    await untilSent(2);
    await until(async () => (await metric(server, 'aside')) === 1, 'one was set aside');
    expect(await track().aside()).toMatchObject([{ status: 422, reason: 'no such patient here' }]);
    expect(await track().askAgain()).toBe(1);
    await untilSent(3);
    await until(async () => (await metric(server, 'aside')) === 0, 'it was taken');
    expect(stub.sent[2]?.[0]?.resource.id).toBe(stub.sent[0]?.[0]?.resource.id);
  });

  test.each([
    [401, {}],
    [408, {}],
    [429, {}],
    [503, {}],
    // Somebody's sign-in page, say: it has taken nothing.
    [200, { hello: 'there' }],
  ])('[SEC-9] %i %j is no answer to the record: it is sent again', async (status, body) => {
    stub.answer = (_entries, response) => {
      // A token that is not taken is made anew at once, before it counts as a failure.
      if (stub.sent.length >= 2 || status !== 401) stub.answer = undefined;
      answerWith(response, status, body);
    };
    await allow();
    await untilSent(status === 401 ? 3 : 2);
    await until(async () => (await metric(server, 'waiting')) === 0, 'nothing waited');
    expect(await track().aside()).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { entries, startFhir, type DemoFhir } from './demo-server.ts';

let fhir: DemoFhir;
let token: string;
beforeAll(async () => {
  fhir = await startFhir();
  token = fhir.token('system/AuditEvent.cruds');
});
afterAll(() => fhir.close());

const event = (id: string, patient = 'amy-shaw', recorded = '2026-11-26T10:15:00Z'): object => ({
  ...{ resourceType: 'AuditEvent', id, recorded },
  entity: [{ what: { reference: `Patient/${patient}` } }],
});
const headers = { 'content-type': 'application/fhir+json' };
const put = (path: string, body: object, more: Record<string, string> = {}, shown = token) =>
  fhir.ask(path, shown, { method: 'PUT', body: JSON.stringify(body), headers: { ...headers, ...more } });
const batch = (...events: object[]) =>
  fhir.ask('/', token, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({
      resourceType: 'Bundle',
      type: 'batch',
      entry: events.map((resource) => {
        const { resourceType, id } = resource as { resourceType: string; id: string };
        return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
      }),
    }),
  });
const idsBy = async (query: string, shown = token): Promise<string[]> =>
  (await entries(await fhir.ask(`/AuditEvent?${query}`, shown))).map(({ id }) => id);

describe('what is written to the FHIR server of the demo', () => {
  test('[SEC-5] an AuditEvent under the id its sender gave it: made, and put again, it is one', async () => {
    const made = await put('/AuditEvent/a1', event('a1'));
    expect([made.status, made.headers.get('etag')]).toEqual([201, 'W/"1"']);
    const again = await put('/AuditEvent/a1', event('a1'));
    expect([again.status, again.headers.get('etag')]).toEqual([200, 'W/"2"']);
    expect(await idsBy('_id=a1')).toEqual(['a1']);
    expect((await put('/AuditEvent/a1', event('a1'), { 'if-match': 'W/"1"' })).status).toBe(412);
  });

  test('[SEC-5] [SEM-11] a batch of them, each by itself: one that may not be written holds up nothing', async () => {
    const response = await batch(event('b1'), { resourceType: 'Goal', id: 'g1' }, event('b2'), event('b1'));
    const { entry } = (await response.json()) as { entry: { response: { status: string } }[] };
    expect(entry.map(({ response: { status } }) => status)).toEqual(['201', '403', '201', '200']);
    expect(await idsBy('_id=b1,b2')).toEqual(['b1', 'b2']);
  });

  test('[SEC-5] [SEM-05] they are searched by patient and by date, and an app sees those of its patient', async () => {
    await batch(
      event('c1', 'ben-okafor', '2020-01-01T08:00:00Z'),
      event('c2', 'amy-shaw', '2020-01-02T08:00:00Z'),
    );
    expect(await idsBy('date=lt2021-01-01&_sort=-date')).toEqual(['c2', 'c1']);
    expect(await idsBy('patient=ben-okafor')).toEqual(['c1']);
    const app = fhir.token('patient/AuditEvent.rs', { patient: 'ben-okafor' });
    expect(await idsBy('date=lt2021-01-01', app)).toEqual(['c1']);
    expect((await fhir.ask('/AuditEvent/c2', app)).status).toBe(404);
  });

  test('[SEM-04] [SEM-19] not without the scope, not for another id, and nothing of another type', async () => {
    const reader = fhir.token('system/AuditEvent.rs');
    expect((await put('/AuditEvent/d1', event('d1'), {}, reader)).status).toBe(403);
    expect((await put('/AuditEvent/d1', event('d2'))).status).toBe(403);
    const goals = fhir.token('system/Goal.cruds');
    expect((await put('/Goal/d1', { resourceType: 'Goal', id: 'd1' }, {}, goals)).status).toBe(405);
    expect(await idsBy('_id=d1,d2')).toEqual([]);
  });
});

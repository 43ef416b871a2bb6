import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFhir, type DemoFhir } from './demo-server.ts';

let fhir: DemoFhir;
beforeAll(async () => {
  fhir = await startFhir();
});
afterAll(() => fhir.close());

const AMY = { patient: 'amy-shaw' };
const bundle = (type: string, ...urls: string[]): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type,
    entry: urls.map((url) => {
      const [method, path] = url.includes(' ') ? url.split(' ') : ['GET', url];
      return { request: { method, url: path } };
    }),
  });
const post = (body: string, token?: string): Promise<Response> =>
  fhir.ask('/', token, { method: 'POST', body, headers: { 'content-type': 'application/fhir+json' } });

describe('a batch', () => {
  test('[SEM-11] each entry is served or refused by its own interaction', async () => {
    const token = fhir.token(
      'patient/Patient.r patient/Observation.rs?category=laboratory patient/Goal.cud',
      AMY,
    );
    const sent = [
      'Patient/amy-shaw',
      'Patient/ben-okafor',
      'Patient',
      'Observation?patient=amy-shaw&_count=100',
      'Condition?patient=amy-shaw',
      'DELETE Goal/amy-shaw-goal-1',
      'DELETE Observation/amy-shaw-obs-1',
      'Observation?colour=red',
    ];
    const response = await post(bundle('batch', ...sent), token);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/fhir+json']);
    const body = (await response.json()) as {
      type: string;
      entry: { response: { status: string; outcome?: unknown }; resource?: { total?: number } }[];
    };
    expect(body.type).toBe('batch-response');
    expect(body.entry.map((one) => one.response.status)).toEqual([
      '200',
      '404',
      '403',
      '200',
      '403',
      '405',
      '403',
      '400',
    ]);
    expect(body.entry[0]).toMatchObject({ resource: { id: 'amy-shaw' }, response: { etag: 'W/"1"' } });
    for (const { response: answer, resource } of body.entry.filter((one) => one.response.status !== '200')) {
      expect([answer.outcome, resource]).toMatchObject([{ resourceType: 'OperationOutcome' }, undefined]);
    }
    // The search shows what it would show alone.
    const alone = await fhir.ask('/Observation?patient=amy-shaw&_count=100', token);
    expect(body.entry[3]?.resource).toEqual(await alone.json());
  });

  test('[SEM-11] [SEM-03] without a token, or with one that opens nothing, a batch opens nothing either', async () => {
    const sent = bundle('batch', 'Patient/amy-shaw', 'metadata');
    expect((await post(sent)).status).toBe(401);
    const nothing = await (await post(sent, fhir.token('openid', AMY))).text();
    expect(nothing).not.toContain('amy-shaw');
    expect(nothing).toContain('"status":"403"');
  });

  test.each([
    ['transaction', bundle('transaction', 'Patient/amy-shaw'), 400, 'no transactions'],
    [
      'transaction with one entry too many',
      bundle('transaction', 'Patient/amy-shaw', 'Goal'),
      403,
      'no granted scope',
    ],
    ['collection', bundle('collection'), 400, 'must be batch or transaction'],
    ['text that is no JSON', '{', 400, 'no Bundle'],
    [
      'batch of far too many',
      bundle('batch', ...Array<string>(251).fill('Patient/amy-shaw')),
      413,
      'at most',
    ],
    ['batch that is far too long', ' '.repeat(1_100_000), 413, '1 MiB'],
  ])('[SEM-11] a %s is refused', async (_what, body, status, diagnostics) => {
    const response = await post(body, fhir.token('patient/Patient.rs', AMY));
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(diagnostics)]);
  });
});

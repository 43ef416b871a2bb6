import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoResource } from '../../../src/demo/data/fhir.ts';
import {
  isSendable,
  readCorpus,
  sendRow,
  type Expected,
  type Row,
  type RowAnswer,
} from '../../support/corpus.ts';
import { startFhir, type DemoFhir } from './demo-server.ts';

const corpus = readCorpus();
/** The demo server speaks R4. */
const rows = corpus.rows.filter((row) => (row.fhirVersion ?? '4.0.1') === '4.0.1' && isSendable(row));

let fhir: DemoFhir;
beforeAll(async () => {
  // The samples have every element that the demo's searches read.
  fhir = await startFhir(Object.values(corpus.resources) as unknown as DemoResource[]);
});
afterAll(() => fhir.close());

const answerTo = (row: Row): Promise<RowAnswer> =>
  sendRow(row, fhir.base, fhir.token(row.scopes, row.context));

/** The names of the resources in an answer. */
function shown(body: Readonly<Record<string, unknown>>): string[] {
  const entries = Array.isArray(body['entry']) ? (body['entry'] as { resource?: object }[]) : [];
  const found = [body, ...entries.map(({ resource }) => resource ?? {})] as Record<string, unknown>[];
  return found.map(({ resourceType, id }) => `${String(resourceType)}/${String(id)}`);
}

function expectAnswer({ status, challenge, body }: RowAnswer, expected: Expected): void {
  if (expected.decision === 'deny') {
    // What is nothing in FHIR is not there; the rest is forbidden. Neither holds data.
    expect([403, 404]).toContain(status);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome' });
    if (status === 403) expect(challenge).toContain('error="insufficient_scope"');
    if (expected.scope !== undefined)
      expect([status, challenge]).toEqual([403, expect.stringContaining(`scope="${expected.scope}"`)]);
    return;
  }
  expect([200, 400, 404, 405]).toContain(status);
  if (expected.decision === 'allow') return;
  const names = shown(body);
  for (const hidden of expected.hidden ?? []) expect(names).not.toContain(hidden);
}

describe('the corpus of scope decisions, over HTTP', () => {
  test.each(rows.map((row) => [row.id, row.title, row] as const))(
    '[SEM-01] [SEM-04] [SEM-05] [SEM-14] %s: %s',
    async (_id, _title, row) => {
      const answer = await answerTo(row);
      if (row.request.method === 'HEAD') return;
      if (!('entries' in row.expect)) return expectAnswer(answer, row.expect);
      expect(answer.status).toBe((row.request.body as { type: string }).type === 'batch' ? 200 : 400);
      const entries = (answer.body['entry'] ?? []) as {
        resource?: object;
        response: { status: string; outcome?: object };
      }[];
      for (const [index, expected] of (answer.status === 200 ? row.expect.entries : []).entries()) {
        const { response, resource } = entries[index] ?? { response: { status: '0' } };
        const body = (resource ?? response.outcome ?? {}) as RowAnswer['body'];
        const { scope: _unsaid, ...rest } = expected as Expected & { scope?: string };
        expectAnswer(
          { status: Number(response.status), challenge: 'error="insufficient_scope"', body },
          rest,
        );
      }
    },
  );

  test('[SEM-16] a search without parameters shows exactly what may be seen', async () => {
    const bare = rows.filter(({ request, expect: { ...expected } }) => {
      const isSearch = request.method === 'GET' && /^\/[A-Z][A-Za-z]*$/.test(request.path);
      return isSearch && 'decision' in expected && expected.decision === 'narrow';
    });
    let compared = 0;
    for (const row of bare) {
      const answer = await answerTo(row);
      if (answer.status !== 200 || !('visible' in row.expect)) continue;
      const type = row.request.path.slice(1);
      const wanted = (row.expect.visible ?? []).filter((name) => name.startsWith(`${type}/`));
      expect({ id: row.id, names: shown(answer.body) }).toEqual({
        id: row.id,
        names: expect.arrayContaining(wanted),
      });
      compared += wanted.length;
    }
    expect(compared).toBeGreaterThan(50);
    expect(rows.length).toBeGreaterThan(800);
  });
});

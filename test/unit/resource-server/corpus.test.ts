import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  decide,
  decideBatch,
  denial,
  interactionOf,
  type RequestDecision,
} from '../../../src/resource-server/index.ts';
import { readCorpus, requestOf, type Expected, type Row } from '../../support/corpus.ts';
import { schemaProblems } from '../../support/json-schema.ts';
import { tokenOf } from './token-of.ts';

const corpus = readCorpus();

/** A decision in the words of the corpus, about the resources a row names. */
function inWords(decision: RequestDecision, row: Row, expected: Expected): object {
  if (!decision.allowed) {
    const { error: code, neededScope: scope } = decision;
    const named = expected.decision === 'deny' && expected.scope === undefined ? {} : { scope };
    return { decision: 'deny', code, ...named };
  }
  const add = decision.add.map(([name, value]) => `${name}=${value}`).join('&');
  if (add === '' && decision.check.length === 0) return { decision: 'allow' };
  const asked = expected.decision === 'narrow' ? expected : undefined;
  const seen = (names: readonly string[] = [], wanted: boolean): string[] =>
    names.filter((name) => {
      const resource = row.resources?.[name] ?? corpus.resources[name];
      if (!resource) throw new TypeError(`${row.id} names ${name}, which there is not`);
      return decision.visible(resource) === wanted;
    });
  return {
    decision: 'narrow',
    ...(add === '' ? {} : { add }),
    check: decision.check,
    ...(asked?.visible ? { visible: seen(asked.visible, true) } : {}),
    ...(asked?.hidden ? { hidden: seen(asked.hidden, false) } : {}),
    ...(decision.withheld.length > 0
      ? { withheld: decision.withheld.map((text) => /\/(\w+)\.\w+$/.exec(text)?.[1]) }
      : {}),
  };
}

/** Members by name, so that their order makes no difference. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, inner]) => [name, inOrder(inner)]));
}

describe('the corpus of scope decisions', () => {
  test.each(corpus.rows.map((row) => [row.id, row.title, row] as const))(
    '[SEM-01] [SEM-05] [SEM-12] [SEM-14] [SEM-24] %s: %s',
    (_id, _title, row) => {
      const token = tokenOf(row.scopes, row.context);
      const request = requestOf(row);
      const options = row.fhirVersion ? { fhirVersion: row.fhirVersion } : {};
      const asBatch = interactionOf(request).kind === 'batch';
      const batch = asBatch ? decideBatch(token, request.body, options) : undefined;
      if ('entries' in row.expect) {
        if (!batch?.allowed) throw new Error(`not decided: ${batch?.description}`);
        const { entries: expected } = row.expect;
        const found = batch.entries.map(({ decision }, index) =>
          inWords(decision, row, expected[index] ?? { decision: 'allow' }),
        );
        expect(found).toEqual(expected);
        return;
      }
      const refused = batch && !batch.allowed && batch.status !== 400 ? batch : undefined;
      expect(inWords(refused ?? decide(token, request, options), row, row.expect)).toEqual(row.expect);
    },
  );

  test('[SEM-04] every refusal says why, and is an answer ready to send', () => {
    for (const row of corpus.rows) {
      const decision = decide(tokenOf(row.scopes, row.context), requestOf(row));
      if (decision.allowed) continue;
      const { status, headers, body } = denial(decision);
      expect([status, headers['WWW-Authenticate']]).toEqual([
        403,
        expect.stringMatching(/^Bearer error="insufficient_scope", error_description="[^"\\]{20,}"/),
      ]);
      expect(body.issue[0]?.diagnostics).toBe(decision.description);
      expect(JSON.stringify(body)).not.toMatch(/p1|p2|Shaw/);
    }
  });

  test('no request stands twice under the same scopes', () => {
    const idOf = new Map<string, string>();
    const twice = corpus.rows.flatMap(({ id, title: _title, expect: _expected, ...asked }) => {
      const text = JSON.stringify(inOrder(asked));
      const other = idOf.get(text);
      idOf.set(text, id);
      return other === undefined ? [] : [[other, id]];
    });
    expect(twice).toEqual([]);
  });

  test('each row has an id of its own and the shape the schema says', () => {
    expect(new Set(corpus.rows.map(({ id }) => id)).size).toBe(corpus.rows.length);
    expect(corpus.rows.length).toBeGreaterThanOrEqual(500);
    const schema: unknown = JSON.parse(readFileSync('test/corpus/scope-decisions.schema.json', 'utf8'));
    expect(schemaProblems(schema, corpus)).toEqual([]);
    expect(schemaProblems(schema, { ...corpus, rows: [{ id: 'x' }] })).not.toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { decide, visibleBundle, type AllowedRequest } from '../../../src/resource-server/index.ts';
import { tokenOf } from './token-of.ts';

const p1 = { patient: 'p1' };

function allowed(scopes: string, path: string): AllowedRequest {
  const [pathBelowBase = '', query = ''] = path.split('?');
  const decision = decide(tokenOf(scopes, p1), {
    method: 'GET',
    pathBelowBase,
    query: new URLSearchParams(query),
  });
  if (!decision.allowed) throw new Error(decision.description);
  return decision;
}

const observation = (id: string, patient: string, category: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  category: [{ coding: [{ code: category }] }],
  subject: { reference: `Patient/${patient}` },
  ...more,
});
const by = (id: string) => ({ performer: [{ reference: `Practitioner/${id}` }] });
const practitioner = (id: string) => ({ resourceType: 'Practitioner', id });
const bundle = (...entries: readonly (readonly [object, string?])[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  total: 99,
  link: [{ relation: 'self', url: 'https://ehr.example/fhir/r4/Observation' }],
  entry: entries.map(([resource, mode = 'match']) => ({ resource, search: { mode } })),
});
const idsOf = (answer: object): unknown[] =>
  (answer as { entry: { resource: { id: string } }[] }).entry.map(({ resource }) => resource.id);

describe('visibleBundle', () => {
  const granular = allowed(
    'patient/Observation.rs?category=laboratory patient/Practitioner.rs',
    '/Observation?_include=Observation:performer',
  );

  test('[SEM-16] [SEM-18] drops what may not be seen, and the total that counts it', () => {
    const sent = bundle(
      [observation('lab', 'p1', 'laboratory')],
      [observation('vital', 'p1', 'vital-signs')],
      [observation('other', 'p2', 'laboratory')],
    );
    expect(visibleBundle(granular, sent)).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      link: sent.link,
      entry: [sent.entry[0]],
    });
  });

  test('[SEM-12] what came along with a dropped match goes with it: it would tell who performed it', () => {
    const sent = bundle(
      [observation('lab', 'p1', 'laboratory', by('d1'))],
      [observation('vital', 'p1', 'vital-signs', by('d2'))],
      [practitioner('d1'), 'include'],
      [practitioner('d2'), 'include'],
    );
    expect(idsOf(visibleBundle(granular, sent))).toEqual(['lab', 'd1']);
  });

  test('[SEM-12] what refers to a match stays, and what is tied to it by others that stay', () => {
    const decision = allowed('patient/*.rs', '/Observation?_revinclude=Provenance:target&_include:iterate=*');
    const provenance = (id: string, target: string, who: string) => ({
      ...{ resourceType: 'Provenance', id },
      target: [{ reference: target }, { reference: 'Patient/p1' }],
      agent: [{ who: { reference: who } }],
    });
    const sent = bundle(
      [practitioner('d1'), 'include'],
      [provenance('of-lab', 'Observation/lab/_history/2', 'Practitioner/d1'), 'include'],
      [provenance('of-nothing', 'Observation/gone', 'Practitioner/d2'), 'include'],
      [practitioner('d2'), 'include'],
      [observation('lab', 'p1', 'laboratory')],
    );
    expect(idsOf(visibleBundle(decision, sent))).toEqual(['d1', 'of-lab', 'lab']);
  });

  test('[SEM-12] to have the same patient or practitioner is no link to a match', () => {
    const decision = allowed(
      'patient/Observation.rs?category=laboratory patient/*.rs?status=finished patient/Patient.rs patient/Practitioner.rs',
      '/Observation?_include=*',
    );
    const visit = {
      ...{
        resourceType: 'Encounter',
        id: 'of-vital',
        status: 'finished',
        subject: { reference: 'Patient/p1' },
      },
      participant: [{ individual: { reference: 'Practitioner/d1' } }],
    };
    const sent = bundle(
      [observation('lab', 'p1', 'laboratory', by('d1'))],
      [observation('vital', 'p1', 'vital-signs', { encounter: { reference: 'Encounter/of-vital' } })],
      [practitioner('d1'), 'include'],
      [{ resourceType: 'Patient', id: 'p1' }, 'include'],
      [visit, 'include'],
    );
    expect(decision.visible(visit)).toBe(true);
    expect(idsOf(visibleBundle(decision, sent))).toEqual(['lab', 'd1', 'p1']);
  });

  test('[SEM-12] a Provenance that names no patient is shown with what it is about, all of it, and not otherwise', () => {
    const path = '/Observation?_revinclude=Provenance:target';
    const about = (id: string, ...targets: readonly string[]) => ({
      ...{ resourceType: 'Provenance', id },
      target: targets.map((reference) => ({ reference })),
    });
    const sent = bundle(
      [observation('lab', 'p1', 'laboratory')],
      [observation('other', 'p2', 'laboratory')],
      [about('of-lab', 'Observation/lab'), 'include'],
      [about('of-both', 'Observation/lab', 'Observation/other'), 'include'],
      [about('of-two', 'Observation/lab', 'Patient/p2'), 'include'],
      [about('of-nothing'), 'include'],
      [about('as-match', 'Observation/lab')],
    );
    const both = allowed('patient/Observation.rs patient/Provenance.rs', path);
    expect(idsOf(visibleBundle(both, sent))).toEqual(['lab', 'of-lab']);
    const withoutScope = allowed('patient/Observation.rs patient/Provenance.r', path);
    expect(idsOf(visibleBundle(withoutScope, sent))).toEqual(['lab']);
    const granular = allowed('patient/Observation.rs patient/Provenance.rs?type=x', path);
    expect(idsOf(visibleBundle(granular, sent))).toEqual(['lab']);
  });

  test('[SEM-24] of $everything, what everybody shares stays only with the record it belongs to', () => {
    const decision = allowed('patient/*.rs', '/Encounter/e/$everything');
    const sent = bundle(
      [observation('mine', 'p1', 'laboratory', by('d1'))],
      [observation('theirs', 'p2', 'laboratory', by('d2'))],
      [practitioner('d1')],
      [practitioner('d2')],
    );
    expect(idsOf(visibleBundle(decision, sent))).toEqual(['mine', 'd1']);
  });

  test('[SEM-20] of a history, versions outside and deletions go', () => {
    const decision = allowed('patient/Observation.rs?category=laboratory', '/Observation/o/_history');
    const sent = {
      ...{ resourceType: 'Bundle', type: 'history' },
      entry: [
        { resource: observation('o', 'p1', 'laboratory'), request: { method: 'PUT', url: 'Observation/o' } },
        { resource: observation('o', 'p1', 'vital-signs'), request: { method: 'PUT', url: 'Observation/o' } },
        { request: { method: 'DELETE', url: 'Observation/o' } },
      ],
    };
    expect(visibleBundle(decision, sent)).toEqual({ ...sent, entry: [sent.entry[0]] });
  });

  test('[SEM-18] the server’s own words about the search stay', () => {
    const sent = bundle([{ resourceType: 'OperationOutcome', id: 'said', issue: [] }, 'outcome']);
    expect(idsOf(visibleBundle(granular, sent))).toEqual(['said']);
  });

  test('[SEM-08] who may see all gets the answer itself', () => {
    const sent = bundle([observation('other', 'p2', 'laboratory')]);
    expect(visibleBundle(allowed('system/*.rs', '/Observation'), sent)).toBe(sent);
  });

  test.each([[undefined], [null], ['text'], [[]], [{ resourceType: 'Observation' }], [{ entry: [] }]])(
    '[SEM-14] %j is no Bundle and shows nothing',
    (sent) => {
      expect(visibleBundle(granular, sent)).toEqual({ resourceType: 'Bundle', type: 'searchset', entry: [] });
    },
  );

  test('[SEM-14] entries of odd shapes are dropped', () => {
    const entry = [null, 7, {}, { resource: null }, { resource: { id: 'x' } }];
    expect(idsOf(visibleBundle(granular, { resourceType: 'Bundle', entry }))).toEqual([]);
    expect(visibleBundle(granular, { resourceType: 'Bundle', entry: 'x' })).toEqual({
      resourceType: 'Bundle',
      entry: [],
    });
  });

  test('[SEM-12] ten times the entries, all tied to one another, take about ten times as long', () => {
    const many = (count: number) =>
      bundle(
        ...Array.from({ length: count }, (_, n) => {
          return [observation(`o${n}`, 'p1', 'laboratory', by('d1'))] as const;
        }),
        [practitioner('d1'), 'include'] as const,
      );
    const time = (count: number): number => {
      const sent = many(count);
      const start = performance.now();
      expect(idsOf(visibleBundle(granular, sent))).toHaveLength(count + 1);
      return performance.now() - start;
    };
    time(2000);
    expect(time(20_000)).toBeLessThan(60 * Math.max(1, time(2000)));
  });
});

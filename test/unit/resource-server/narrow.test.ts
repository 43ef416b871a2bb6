import { describe, expect, test } from '@jest/globals';
import { decide, type DecideOptions, type FhirRequest } from '../../../src/resource-server/index.ts';
import { combine, isWithin } from '../../../src/resource-server/filters.ts';
import { narrowingOf } from '../../../src/resource-server/narrow.ts';
import { tokenOf } from './token-of.ts';

const filter = (patient: string | undefined, ...constraints: readonly string[]) => ({
  ...(patient === undefined ? {} : { patient }),
  constraints: constraints.map((text) => {
    const [param = '', value = ''] = text.split('=');
    return { param, value };
  }),
});

describe('narrowingOf', () => {
  test.each([
    // requirement  type  filters  added  says all
    ['SEM-05', 'Observation', [filter('p1')], 'patient=p1', true],
    ['SEM-22', 'Patient', [filter('p1')], '_id=p1', true],
    ['SEM-05', 'AdverseEvent', [filter('p1')], 'subject=Patient/p1', true],
    ['SEM-05', 'Appointment', [filter('p1')], 'patient=p1', false],
    ['SEM-06', 'Practitioner', [filter('p1')], '', true],
    ['SEM-05', 'Basic', [filter('p1')], 'patient=p1', true],
    ['SEM-05', 'Group', [filter('p1')], '', false],
    ['SEM-07', 'Observation', [filter(undefined)], '', true],
    ['SEM-07', 'Observation', [filter('p1'), filter(undefined, 'status=final')], '', false],
    ['SEM-10', 'Observation', [filter('p1'), filter('p2')], '', false],
    [
      'SEM-14',
      'Observation',
      [filter('p1', 'category=a', 'status=b')],
      'patient=p1&category=a&status=b',
      true,
    ],
    [
      'SEM-14',
      'Observation',
      [filter('p1', 'category=a'), filter('p1', 'category=b')],
      'patient=p1&category=a,b',
      true,
    ],
    ['SEM-14', 'Observation', [filter('p1', 'category=a'), filter('p1', 'status=b')], 'patient=p1', false],
    ['SEM-14', 'Observation', [filter('p1', 'category=a'), filter(undefined, 'category=b')], '', false],
    [
      'SEM-14',
      'Observation',
      [filter('p1', 'category=a', 'status=c'), filter('p1', 'category=b')],
      'patient=p1',
      false,
    ],
    ['SEM-14', 'Observation', [filter('p1', 'date=2026')], 'patient=p1', false],
    ['SEM-14', 'Observation', [filter('p1', 'date=2026'), filter('p1', 'date=2027')], 'patient=p1', false],
    ['SEM-14', 'AllergyIntolerance', [filter('p1', 'code=x')], 'patient=p1&code=x', false],
    ['SEM-14', 'Condition', [filter('p1', 'code=x')], 'patient=p1&code=x', true],
    ['SEM-12', '*', [filter('p1')], '', false],
    ['SEM-12', 'Observation', [], '', false],
  ] as const)('[%s] %s for %j adds %s', (_requirement, type, filters, added, exact) => {
    const narrowing = narrowingOf(type, filters, '4.0.1');
    expect(narrowing.add.map((one) => one.join('=')).join('&')).toBe(added);
    expect(narrowing.exact).toBe(exact);
  });
});

describe('filters', () => {
  test('[SEM-10] both letters: pairs that can meet, each constraint once', () => {
    const one = [filter('p1', 'status=a'), filter('p2')];
    expect(combine(one, [filter(undefined, 'status=a')])).toEqual([
      filter('p1', 'status=a'),
      filter('p2', 'status=a'),
    ]);
    expect(combine(one, [filter('p3')])).toEqual([]);
    expect(combine(one, [filter(undefined)])).toBe(one);
  });

  test.each([
    [filter('p1'), filter('p1'), true],
    [filter('p1'), filter(undefined), true],
    [filter(undefined), filter('p1'), false],
    [filter('p1'), filter('p2'), false],
    [filter('p1', 'status=a'), filter('p1'), true],
    [filter('p1'), filter('p1', 'status=a'), false],
    [filter('p1', 'status=a'), filter('p1', 'status=b'), false],
  ])('[SEM-13] %j lies within %j: %s', (inner, outer, within) => {
    expect(isWithin([inner], [outer])).toBe(within);
  });
});

describe('what a decision says beside its filters', () => {
  const of = (scopes: string, request: Partial<FhirRequest> & { path: string }, options?: DecideOptions) => {
    const [pathBelowBase = '', query = ''] = request.path.split('?');
    const all = { method: 'GET', pathBelowBase, query: new URLSearchParams(query), ...request };
    return decide(tokenOf(scopes, { patient: 'p1' }), all, options);
  };

  test.each([
    ['patient/Observation.u', false],
    ['patient/Observation.ru', true],
    ['patient/Observation.u patient/Observation.r?status=final', false],
    ['patient/Observation.u?status=final patient/Observation.r', true],
    ['user/Observation.u patient/Observation.r', false],
    ['user/Observation.ru', true],
  ])('[SEM-13] %s: may the answer to an update hold the resource? %s', (scopes, representation) => {
    expect(of(scopes, { method: 'PATCH', path: '/Observation/1' })).toMatchObject({
      allowed: true,
      representation,
    });
  });

  test('[SEM-01] a server’s own parameters pass where it names them, and only without modifier', () => {
    const options = { parameters: new Set(['_page']) };
    expect(of('patient/Observation.rs', { path: '/Observation?_page=x' }).allowed).toBe(false);
    expect(of('patient/Observation.rs', { path: '/Observation?_page=x' }, options).allowed).toBe(true);
    expect(of('patient/Observation.rs', { path: '/Observation?_page:in=x' }, options).allowed).toBe(false);
    expect(of('patient/Observation.rs', { path: '/Observation/1?_page=x' }, options).allowed).toBe(true);
  });

  test('[SEM-24] a server’s own operations take the letters it names over every type', () => {
    const options: DecideOptions = { operations: { $report: ['r'] } };
    const path = '/Patient/p1/$report';
    expect(of('user/*.cruds', { path }).allowed).toBe(false);
    expect(of('user/*.r', { path }, options).allowed).toBe(true);
    expect(of('patient/*.r', { path }, options)).toMatchObject({ allowed: false, neededScope: 'user/*.rs' });
    expect(of('user/Patient.r', { path }, options).allowed).toBe(false);
    expect(of('user/*.r', { path: '/Patient/p1/$constructor' }, options).allowed).toBe(false);
  });

  test('[SEM-05] the patient of a type that everybody shares is not said to narrow it', () => {
    expect(of('patient/*.rs', { path: '/Practitioner' })).toMatchObject({
      add: [],
      exact: true,
      check: ['answer'],
    });
  });

  test('[SEM-12] a query of a hundred thousand letters is decided at once', () => {
    const start = performance.now();
    const long = 'a'.repeat(100_000);
    const names = ['_has:A:b:'.repeat(10_000), 'a.'.repeat(50_000), `_${long}`, long, `code:${long}`];
    for (const name of names) {
      const query = new URLSearchParams([[name, long]]);
      decide(tokenOf('patient/*.rs', { patient: 'p1' }), {
        method: 'GET',
        pathBelowBase: '/Observation',
        query,
      });
    }
    const steps = 'general-practitioner.'.repeat(5);
    const many = new URLSearchParams(Array.from({ length: 200 }, (_, n) => [`${steps}name${n}`, 'x']));
    decide(tokenOf('user/*.rs'), { method: 'GET', pathBelowBase: '/Patient', query: many });
    expect(performance.now() - start).toBeLessThan(200);
  });
});

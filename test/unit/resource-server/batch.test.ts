import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, decideBatch } from '../../../src/resource-server/index.ts';
import { tokenOf } from './token-of.ts';

const p1 = { patient: 'p1' };
const bundle = (requests: readonly unknown[], type = 'batch') => ({
  resourceType: 'Bundle',
  type,
  entry: requests.map((request) => ({ request })),
});
const get = (url: string) => ({ method: 'GET', url });

/** `allowed`, or the status of the refusal, for each entry. */
function verdicts(scope: string, sent: unknown): unknown {
  const decided = decideBatch(tokenOf(scope, p1), sent);
  if (!decided.allowed) return decided.status;
  return decided.entries.map(({ decision }) => (decision.allowed ? 'allowed' : decision.status));
}

describe('decideBatch', () => {
  test('[SEM-11] each entry is decided by its own interaction, and comes with what it may see', () => {
    const sent = bundle([
      get('Observation/1'),
      get('Observation?status=final'),
      get('Condition?patient=p1'),
      { method: 'POST', url: 'Observation' },
      { method: 'PUT', url: 'Observation/1' },
      { method: 'DELETE', url: 'Observation?status=final' },
    ]);
    const decided = decideBatch(tokenOf('patient/Observation.rus', p1), sent);
    if (!decided.allowed) throw new Error(decided.description);
    expect(decided.entries.map(({ interaction, decision }) => [interaction.kind, decision.allowed])).toEqual([
      ['read', true],
      ['search-type', true],
      ['search-type', false],
      ['create', false],
      ['update', true],
      ['delete', false],
    ]);
    expect(decided.entries[1]?.decision).toMatchObject({ patient: 'p1', filters: [p1] });
    expect(decided.entries[1]?.query.get('status')).toBe('final');
    expect(decided.entries[2]?.decision).toMatchObject({ status: 403, neededScope: 'patient/Condition.rs' });
  });

  test.each([
    [
      'a transaction of which one entry is refused',
      bundle([get('Patient/1'), get('Basic/1')], 'transaction'),
      403,
    ],
    [
      'a transaction that may be done',
      bundle([get('Patient/1'), get('Patient')], 'transaction'),
      ['allowed', 'allowed'],
    ],
    ['a batch in a batch', bundle([{ method: 'POST', url: '' }]), [403]],
    ['another server', bundle([get('https://else.example/Patient/1')]), [403]],
    ['a path that leads elsewhere', bundle([get('Patient/../Basic')]), [403]],
    ['a path from the root', bundle([get('/Patient/1')]), [403]],
    ['a method there is not', bundle([{ method: 'get', url: 'Patient/1' }]), [403]],
    ['a search as a form', bundle([{ method: 'POST', url: 'Patient/_search' }]), [403]],
    ['no request', { ...bundle([]), entry: [{}, null, 7] }, [403, 403, 403]],
    ['no entries', { resourceType: 'Bundle', type: 'batch' }, []],
    ['a collection', bundle([], 'collection'), 400],
    ['entries that are no list', { ...bundle([]), entry: { request: get('Patient/1') } }, 400],
    ['a resource', { resourceType: 'Patient' }, 400],
    ['nothing', undefined, 400],
    ['null', null, 400],
  ])('[SEM-11] %s', (_what, sent, expected) => {
    expect(verdicts('patient/Patient.rs', sent)).toEqual(expected);
  });

  test.each([
    ['patient/Observation.c', 403],
    ['patient/Observation.cs', 'allowed'],
    ['patient/Observation.s', 403],
  ])('[SEM-11] [SEM-13] %s to create on a condition, which is a search too: %s', (scope, expected) => {
    const request = { method: 'POST', url: 'Observation', ifNoneExist: 'code=1' };
    expect(verdicts(scope, bundle([request]))).toEqual([expected]);
  });

  test('[SEM-11] an entry is allowed exactly when it would be allowed alone', () => {
    const path = fc.constantFrom(
      'Patient',
      'Patient/1',
      'Observation/1/_history/1',
      'Basic',
      '$export',
      'metadata',
    );
    const scope = fc.constantFrom('patient/*.rs', 'patient/Patient.r', 'patient/Basic.cruds', 'openid');
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD');
    fc.assert(
      fc.property(path, method, scope, (url, verb, granted) => {
        const token = tokenOf(granted, p1);
        const alone = decide(token, { method: verb, pathBelowBase: `/${url}`, query: new URLSearchParams() });
        const decided = decideBatch(token, bundle([{ method: verb, url }]));
        expect(decided.allowed && JSON.stringify(decided.entries[0]?.decision)).toBe(JSON.stringify(alone));
      }),
    );
  });
});

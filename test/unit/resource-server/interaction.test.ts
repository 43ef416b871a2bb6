import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { interactionOf } from '../../../src/resource-server/index.ts';

const FORM = 'application/x-www-form-urlencoded; charset=UTF-8';

function nameOf(method: string, pathAndQuery: string, contentType?: string): string {
  const [pathBelowBase = '', query = ''] = pathAndQuery.split('?');
  const found = interactionOf({ method, pathBelowBase, query: new URLSearchParams(query), contentType });
  return [found.kind, ...Object.values(found).filter((value) => value !== found.kind)].join(' ');
}

describe('interactionOf', () => {
  test.each([
    // requirement  method  path and query              interaction
    ['SEM-12', 'GET', '/Patient/1', 'read Patient 1'],
    ['SEM-12', 'HEAD', '/Patient/1', 'read Patient 1'],
    ['SEM-12', 'GET', '/Patient/1/_history/2', 'vread Patient 1 2'],
    ['SEM-12', 'GET', '/Patient/1/_history', 'history-instance Patient 1'],
    ['SEM-12', 'GET', '/Patient/_history', 'history-type Patient'],
    ['SEM-12', 'GET', '/_history', 'history-system'],
    ['SEM-12', 'GET', '/Patient', 'search-type Patient'],
    ['SEM-12', 'GET', '/Patient/', 'search-type Patient'],
    ['SEM-12', 'GET', '/?_type=Patient', 'search-system'],
    ['SEM-13', 'POST', '/Observation', 'create Observation'],
    ['SEM-13', 'PUT', '/Observation/1', 'update Observation 1'],
    ['SEM-13', 'PUT', '/Observation?code=1', 'update Observation'],
    ['SEM-13', 'PATCH', '/Observation/1', 'patch Observation 1'],
    ['SEM-13', 'DELETE', '/Observation/1', 'delete Observation 1'],
    ['SEM-13', 'DELETE', '/Observation?code=1', 'delete Observation'],
    ['SEM-11', 'POST', '/', 'batch'],
    ['SEM-11', 'POST', '', 'batch'],
    ['SEM-03', 'GET', '/metadata', 'capabilities'],
    ['SEM-24', 'GET', '/Patient/1/$everything', 'operation $everything Patient 1'],
    ['SEM-24', 'POST', '/Patient/$export', 'operation $export Patient'],
    ['SEM-24', 'GET', '/$export', 'operation $export'],
    ['SEM-01', 'GET', '/Nothing/1', 'unknown'],
    ['SEM-01', 'GET', '/patient/1', 'unknown'],
    ['SEM-01', 'GET', '//Patient/1', 'unknown'],
    ['SEM-12', 'GET', '/Patient/1/Observation', 'search-compartment Observation Patient 1'],
    ['SEM-12', 'GET', '/Encounter/1/*', 'search-compartment * Encounter 1'],
    ['SEM-01', 'GET', '/Organization/1/Observation', 'unknown'],
    ['SEM-01', 'GET', '/Patient/1/Nothing', 'unknown'],
    ['SEM-01', 'POST', '/Patient/1/Observation', 'unknown'],
    ['SEM-01', 'GET', '/Patient/1/Observation/2', 'unknown'],
    ['SEM-01', 'GET', '/Patient/1/Observation/_search', 'unknown'],
    ['SEM-01', 'GET', '/Patient/..', 'unknown'],
    ['SEM-01', 'GET', '/Patient/./Observation', 'unknown'],
    ['SEM-01', 'GET', '/Patient/a%2Fb', 'unknown'],
    ['SEM-01', 'GET', '/Patient/../Observation', 'unknown'],
    ['SEM-01', 'GET', '/Patient/1/_history/2/3', 'unknown'],
    ['SEM-01', 'GET', '/metadata/more', 'unknown'],
    ['SEM-01', 'GET', '', 'unknown'],
    ['SEM-01', 'TRACE', '/Patient/1', 'unknown'],
    ['SEM-01', 'POST', '/Patient/1', 'unknown'],
    ['SEM-01', 'PUT', '/Patient', 'unknown'],
    ['SEM-01', 'DELETE', '/Patient/1/$everything', 'unknown'],
    ['SEM-01', 'POST', '/constructor', 'unknown'],
  ])('[%s] %s %s is %s', (_requirement, method, path, interaction) => {
    expect(nameOf(method, path)).toBe(interaction);
  });

  test('[SEM-12] a search may be a form that was posted, and only a form', () => {
    expect(nameOf('POST', '/Patient/_search', FORM)).toBe('search-type Patient');
    expect(nameOf('POST', '/_search', FORM)).toBe('search-system');
    expect(nameOf('POST', '/Patient/1/Observation/_search', FORM)).toBe(
      'search-compartment Observation Patient 1',
    );
    expect(nameOf('POST', '/Patient/1/Observation/_search')).toBe('unknown');
    expect(nameOf('POST', '/Patient/_search', 'application/json')).toBe('unknown');
    expect(nameOf('POST', '/Patient/_search')).toBe('unknown');
    expect(nameOf('GET', '/Patient/_search', FORM)).toBe('unknown');
  });

  test('[SEM-01] any path gets an answer', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'FOO'), (path, method) => {
        expect(typeof nameOf(method, path)).toBe('string');
      }),
    );
  });
});

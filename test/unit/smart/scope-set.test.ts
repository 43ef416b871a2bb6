import { describe, expect, test } from '@jest/globals';
import {
  covers,
  formatScopeList,
  intersect,
  narrow,
  parseScopeList,
  shortest,
} from '../../../src/smart/index.ts';
import { resourceScope, resourceScopes, textOf } from './arbitraries.ts';

describe('parseScopeList', () => {
  test('[SCO-26] order is kept, repeats go, and extra spaces mean nothing', () => {
    const { scopes, problems } = parseScopeList('  openid patient/Patient.rs  openid launch/patient ');
    expect(textOf(scopes)).toBe('openid patient/Patient.rs launch/patient');
    expect(problems).toEqual([]);
  });

  test('[SCO-04] what cannot be read is set aside, the rest is read', () => {
    const { scopes, problems } = parseScopeList('patient/Patient.rs patient/Patient.dus nonsense');
    expect(textOf(scopes)).toBe('patient/Patient.rs');
    expect(problems).toEqual([
      { code: 'permissions', scope: 'patient/Patient.dus' },
      { code: 'malformed', scope: 'nonsense' },
    ]);
  });

  test.each([
    ['', ''],
    [' ', ''],
    ['  patient/Patient.rs', 'patient/Patient.rs'],
    ['patient/Patient.rs   ', 'patient/Patient.rs'],
    ['openid  patient/Patient.rs     profile', 'openid patient/Patient.rs profile'],
  ])('[SCO-26] %j reads "%s": spaces more or less are no scope', (text, read) => {
    expect(formatScopeList(parseScopeList(text).scopes)).toBe(read);
    expect(parseScopeList(text).problems).toEqual([]);
  });

  test.each([
    // text                                      what is left     what is malformed
    ['patient/Patient.rs\topenid\nprofile', '', ['patient/Patient.rs\topenid\nprofile']],
    ['openid patient/Patient.rs\n', 'openid', ['patient/Patient.rs\n']],
    ['openid \t profile', 'openid profile', ['\t']],
    ['\r\nopenid profile', 'profile', ['\r\nopenid']],
    ['openid\u00a0profile fhirUser', 'fhirUser', ['openid\u00a0profile']],
    ['openid,profile fhirUser', 'fhirUser', ['openid,profile']],
    ['openid+profile fhirUser', 'fhirUser', ['openid+profile']],
  ])('[A038] %j: only a space separates, so that "%s" is left', (text, left, malformed) => {
    const { scopes, problems } = parseScopeList(text);
    expect(formatScopeList(scopes)).toBe(left);
    expect(problems).toEqual(malformed.map((scope) => ({ code: 'malformed', scope })));
  });
});

describe('covers', () => {
  test.each([
    // requirement wide                                  narrow                                       covered
    ['SCO-02', 'patient/Observation.rs', 'patient/Observation.r', true],
    ['SCO-02', 'patient/Observation.r', 'patient/Observation.rs', false],
    ['SCO-07', 'patient/Observation.read', 'patient/Observation.rs', true],
    ['SEM-13', 'patient/Observation.write', 'patient/Observation.r', false],
    ['SCO-17', 'patient/*.rs', 'patient/Observation.rs', true],
    ['SCO-17', 'patient/Observation.rs', 'patient/*.rs', false],
    ['SCO-06', 'user/Observation.rs', 'patient/Observation.rs', false],
    ['SCO-06', 'system/*.cruds', 'user/Observation.rs', false],
    ['SCO-10', 'patient/Observation.rs', 'patient/Observation.rs?status=final', true],
    ['SCO-10', 'patient/Observation.rs?status=final', 'patient/Observation.rs', false],
    ['SCO-10', 'patient/Observation.rs?status=final', 'patient/Observation.rs?status=final&category=a', true],
    ['SCO-10', 'patient/Observation.rs?status=final', 'patient/Observation.rs?status=amended', false],
    ['SCO-11', 'patient/Observation.rs?category=a%7Cb', 'patient/Observation.rs?category=a|b', true],
  ])('[%s] %s over %s: %s', (_requirement, wide, small, covered) => {
    expect(covers(resourceScope(wide), resourceScope(small))).toBe(covered);
  });
});

describe('intersect', () => {
  test.each([
    // requirement requested                   allowed                                 both
    ['SCO-08', 'patient/Observation.read', 'patient/*.cruds', 'patient/Observation.read'],
    ['SCO-28', 'patient/Observation.cruds', 'patient/Observation.rs', 'patient/Observation.rs'],
    ['SCO-28', 'patient/Observation.*', 'patient/Observation.rs', 'patient/Observation.read'],
    ['SCO-28', 'patient/Observation.*', 'patient/Observation.cru', 'patient/Observation.cru'],
    ['SCO-19', 'patient/*.read', 'patient/Observation.rs', 'patient/Observation.read'],
    [
      'SCO-13',
      'patient/Observation.read',
      'patient/Observation.rs?status=final',
      'patient/Observation.rs?status=final',
    ],
    [
      'SCO-10',
      'patient/Observation.rs?status=final',
      'patient/Observation.rs?category=a',
      'patient/Observation.rs?category=a&status=final',
    ],
    ['SCO-14', 'patient/Observation.cud', 'patient/Observation.rs', undefined],
    ['SCO-14', 'patient/Observation.rs', 'patient/Condition.rs', undefined],
    ['SCO-14', 'patient/Observation.rs', 'user/*.cruds', undefined],
  ])('[%s] %s within %s → %s', (_requirement, requested, allowed, both) => {
    expect(intersect(resourceScope(requested), resourceScope(allowed))?.text).toBe(both);
  });
});

describe('narrow', () => {
  test.each([
    // requirement requested              allowed                                         granted
    ['SCO-14', 'patient/*.rs', 'patient/*.cruds', 'patient/*.rs'],
    ['SCO-14', 'patient/Observation.rs', 'patient/Condition.rs', ''],
    ['SCO-14', 'patient/Observation.rs', '', ''],
    [
      'SCO-19',
      'patient/*.rs',
      'patient/Observation.rs patient/Condition.r',
      'patient/Observation.rs patient/Condition.r',
    ],
    [
      'SCO-16',
      'patient/Observation.rs',
      'patient/Observation.r patient/Observation.s',
      'patient/Observation.rs',
    ],
  ])('[%s] %s within "%s" → "%s"', (_requirement, requested, allowed, granted) => {
    expect(textOf(narrow(resourceScope(requested), resourceScopes(allowed)))).toBe(granted);
  });
});

describe('shortest', () => {
  test.each([
    // requirement scopes                                                   in the fewest
    ['SCO-16', 'patient/Observation.r patient/Observation.s', 'patient/Observation.rs'],
    ['SCO-16', 'patient/Observation.rs patient/*.cruds', 'patient/*.cruds'],
    ['SCO-16', 'patient/Observation.rs patient/Observation.rs?status=final', 'patient/Observation.rs'],
    ['SCO-09', 'patient/Observation.read patient/Observation.write', 'patient/Observation.*'],
    ['SCO-09', 'patient/Observation.read patient/Observation.cud', 'patient/Observation.cruds'],
    ['SCO-08', 'patient/Observation.read patient/Observation.rs', 'patient/Observation.read'],
    ['SCO-14', 'patient/Observation.r user/Observation.s', 'patient/Observation.r user/Observation.s'],
    [
      'SCO-14',
      'patient/Observation.r?status=final patient/Observation.s',
      'patient/Observation.r?status=final patient/Observation.s',
    ],
    [
      'SCO-11',
      'patient/Observation.r?category=a%26status=b patient/Observation.s?category=a&status=b',
      'patient/Observation.r?category=a%26status=b patient/Observation.s?category=a&status=b',
    ],
  ])('[%s] %s → %s', (_requirement, scopes, fewest) => {
    expect(textOf(shortest(resourceScopes(scopes)))).toBe(fewest);
  });
});

test('[SCO-26] a list is written with single spaces and no repeats', () => {
  const scopes = [...parseScopeList('openid fhirUser').scopes, ...parseScopeList('openid').scopes];
  expect(formatScopeList(scopes)).toBe('openid fhirUser');
});

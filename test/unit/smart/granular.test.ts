import { describe, expect, test } from '@jest/globals';

import {
  covers,
  decideGrant,
  formatScopeList,
  granularChoices,
  parseScopeList,
  type ResourceScope,
} from '../../../src/smart/index.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const LAB = `patient/Observation.rs?category=${OBSERVATION}|laboratory`;
const VITALS = `patient/Observation.rs?category=${OBSERVATION}|vital-signs`;

const only = (text: string): ResourceScope => {
  const [scope] = parseScopeList(text).scopes;
  if (scope?.kind !== 'resource') throw new Error(`${text} is not a resource scope`);
  return scope;
};
const grant = (offer: string, ...approved: string[]): string =>
  formatScopeList(decideGrant(parseScopeList(offer).scopes, new Set(approved)).granted);

describe('what may be shared instead of the whole', () => {
  test.each([
    ['G10-09', 'patient/Condition.rs', ['encounter-diagnosis', 'problem-list-item', 'health-concern']],
    [
      'G10-09',
      'patient/Observation.rs',
      ['laboratory', 'social-history', 'survey', 'vital-signs', 'procedure', 'sdoh'],
    ],
    ['USC-11', 'patient/DocumentReference.rs', ['clinical-note']],
    ['CONS-11', 'patient/Patient.rs', []],
    ['SCO-12', LAB, []],
    [
      'CONS-11',
      'patient/Observation.s',
      ['laboratory', 'social-history', 'survey', 'vital-signs', 'procedure', 'sdoh'],
    ],
  ])('[%s] %s → %j', (_id, scope, codes) => {
    expect(granularChoices(only(scope)).map(({ text }) => text.split('|')[1])).toEqual(codes);
  });

  test('[CONS-10] [G10-08] a wildcard offers each type US Core names', () => {
    const texts = granularChoices(only('patient/*.rs')).map(({ text }) => text);
    expect(texts).toContain('patient/AllergyIntolerance.rs');
    expect(texts).toContain('patient/Immunization.rs');
    expect(texts.length).toBeGreaterThan(20);
  });

  test.each(['patient/Condition.cruds', 'patient/Observation.r', 'patient/*.read', 'patient/*.cruds'])(
    '[CONS-01] no choice of %s goes beyond it',
    (text) => {
      for (const choice of granularChoices(only(text))) expect(covers(only(text), choice)).toBe(true);
    },
  );
});

describe('granting what was chosen', () => {
  const offer = 'openid patient/Patient.rs patient/Observation.rs';

  test('[SCO-13] [G10-10] granular scopes take the place of the one that was unticked', () => {
    expect(grant(offer, 'openid', 'patient/Patient.rs', LAB, VITALS)).toBe(
      `openid patient/Patient.rs ${LAB} ${VITALS}`,
    );
  });

  test('[SCO-13] the whole wins over its parts', () => {
    expect(grant(offer, 'patient/Observation.rs', LAB)).toBe('patient/Observation.rs');
  });

  test('[SCO-13] beside a granular scope, v1 scopes are answered as v2', () => {
    expect(grant('patient/Patient.read patient/Observation.read', 'patient/Patient.read', LAB)).toBe(
      `patient/Patient.rs ${LAB}`,
    );
  });

  test('[A069] a part of what was never offered is not granted', () => {
    expect(grant('patient/Patient.rs', LAB, 'patient/Patient.rs')).toBe('patient/Patient.rs');
    expect(grant(offer, `user/Observation.rs?category=${OBSERVATION}|laboratory`)).toBe('');
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { recall, withDecision, type RememberedDecision } from '../../../src/consent/index.ts';
import { formatScopeList, parseScopeList } from '../../../src/smart/index.ts';

const NOW = 1_800_000_000;
const FHIR = 'https://fhir.example';
const scopesOf = (text: string) => parseScopeList(text).scopes;
const asked = (offer: string, patient?: string, fhirBaseUrl = FHIR) => ({
  ...{ fhirBaseUrl, patient, offer: scopesOf(offer) },
});
const decision: RememberedDecision = {
  ...{ fhirBaseUrl: FHIR, patient: 'p1', decidedAt: NOW - 10 },
  offered: 'patient/Patient.rs patient/Observation.rs offline_access',
  kept: 'patient/Patient.rs',
};

describe('what was decided before', () => {
  test.each([
    ['the same', asked('patient/Observation.rs patient/Patient.rs offline_access', 'p1'), true],
    ['less', asked('patient/Patient.rs', 'p1'), true],
    ['one thing more', asked('patient/Patient.rs patient/Goal.rs', 'p1'), false],
    ['one permission more', asked('patient/Patient.crs', 'p1'), false],
    ['a part that was not on the screen', asked('patient/Observation.rs?category=a|b', 'p1'), false],
    ['another patient', asked('patient/Patient.rs', 'p2'), false],
    ['no patient', asked('patient/Patient.rs'), false],
    ['another server', asked('patient/Patient.rs', 'p1', 'https://other.example'), false],
  ])('%s', (_title, again, found) => {
    expect(recall([decision], again, NOW)).toBe(found ? decision : undefined);
  });

  test('it ends with what was granted', () => {
    const ends = { ...decision, endsAt: NOW + 1 };
    expect(recall([ends], asked('patient/Patient.rs', 'p1'), NOW)).toEqual(ends);
    expect(recall([ends], asked('patient/Patient.rs', 'p1'), NOW + 1)).toBeUndefined();
  });

  test('a limit that the app was given later holds from when it was decided', () => {
    const again = { ...asked('patient/Patient.rs', 'p1'), mostDays: 7 };
    const limit = decision.decidedAt + 7 * 86_400;
    expect(recall([decision], again, NOW)).toEqual({ ...decision, endsAt: limit });
    expect(recall([{ ...decision, endsAt: NOW + 5 }], again, NOW)?.endsAt).toBe(NOW + 5);
    expect(recall([decision], again, limit)).toBeUndefined();
  });

  test('a newer decision about the same record takes its place, and no more than fifty are kept', () => {
    const added = {
      fhirBaseUrl: FHIR,
      patient: 'p1',
      decidedAt: NOW,
      offered: scopesOf('patient/Goal.rs'),
      kept: [],
    };
    expect(withDecision([decision], added)).toEqual([{ ...added, offered: 'patient/Goal.rs', kept: '' }]);
    const many = Array.from({ length: 60 }, (_, at) => ({ ...decision, patient: `q${at}` }));
    const kept = withDecision(many, added);
    expect([kept.length, kept[0]?.patient, kept.at(-1)?.patient]).toEqual([50, 'p1', 'q48']);
  });

  test('[A094] it never widens: whatever was on the screen and is asked for, all of it was on the screen', () => {
    const some = fc.subarray([
      'patient/Patient.rs',
      'patient/Goal.r',
      'patient/Goal.rs',
      'openid',
      'offline_access',
    ]);
    fc.assert(
      fc.property(some, some, (offered, again) => {
        const known = withDecision([], {
          fhirBaseUrl: FHIR,
          decidedAt: NOW,
          offered: scopesOf(offered.join(' ')),
          kept: [],
        });
        const found = recall(known, asked(again.join(' ')), NOW);
        const onScreen = new Set(formatScopeList(scopesOf(offered.join(' '))).split(' '));
        const all = scopesOf(again.join(' ')).every(({ text }) => onScreen.has(text));
        expect(found !== undefined).toBe(all);
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  asLeft,
  boxesOf,
  describeOffer,
  recall,
  withDecision,
  withNarrowing,
  type OfferGroup,
  type RememberedDecision,
} from '../../../src/consent/index.ts';
import { createLanguages, filesOf } from '../../../src/language/index.ts';
import { askedAbout, formatScopeList, parseScopeList, sensitiveScope } from '../../../src/smart/index.ts';

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

  test('what only says where the boxes begin is no reason not to ask', () => {
    expect(
      recall([{ ...decision, asksAgain: true }], asked('patient/Patient.rs', 'p1'), NOW),
    ).toBeUndefined();
  });

  test('after something was taken back they are asked again, about every record', () => {
    const other = { ...decision, patient: 'p2' };
    const narrowed = { fhirBaseUrl: FHIR, patient: 'p1', decidedAt: NOW };
    const [first, second, ...more] = withNarrowing([decision, other], {
      ...{ ...narrowed, offered: scopesOf('patient/Patient.rs patient/Goal.rs') },
      kept: scopesOf('patient/Goal.rs'),
    });
    expect(first).toMatchObject({ patient: 'p1', kept: 'patient/Goal.rs', asksAgain: true });
    expect(second).toEqual({ ...other, asksAgain: true });
    expect(more).toEqual([]);
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

describe('boxes as they were left', () => {
  const english = createLanguages(filesOf(['en']), 'en').choose({});
  const groupsOf = (scopes: string): readonly OfferGroup[] =>
    describeOffer(askedAbout(scopesOf(scopes)), english);
  const tickedIn = (groups: readonly OfferGroup[]) =>
    groups.flatMap(({ scopes }) =>
      scopes.flatMap((scope) =>
        [scope, ...(scope.parts ?? [])].flatMap((one) => (one.checked ? one.value : [])),
      ),
    );
  const OFFER = 'patient/Goal.rs patient/Observation.rs offline_access';

  test('nothing before, or all of it: as they would begin', () => {
    const groups = groupsOf(OFFER);
    expect(asLeft(groups, undefined)).toEqual({ groups, isLeft: false });
    expect(asLeft(groups, boxesOf(groups, new Set(OFFER.split(' '))))).toEqual({ groups, isLeft: false });
  });

  test('what was left out is unticked, a part is a part, and what was not there is as new', () => {
    const [part = ''] = groupsOf(OFFER).flatMap(({ scopes }) =>
      scopes.flatMap((scope) => scope.parts?.slice(1).map(({ value }) => value) ?? []),
    );
    const last = boxesOf(groupsOf(OFFER), new Set(['patient/Goal.rs', part, 'patient/Never.shown']));
    const { groups, isLeft } = asLeft(groupsOf(`${OFFER} patient/Condition.rs`), last);
    expect(isLeft).toBe(true);
    expect(tickedIn(groups).toSorted()).toEqual(['patient/Condition.rs', 'patient/Goal.rs', part].toSorted());
  });

  test('who lets an app see and not change is asked about changes unticked, whatever is asked beside', () => {
    const last = boxesOf(groupsOf('patient/Goal.cruds'), new Set(['patient/Goal.rs']));
    expect(tickedIn(asLeft(groupsOf('patient/Goal.cruds'), last).groups)).toEqual(['patient/Goal.rs']);
  });

  test('a whole that was shared is a whole: its parts are not ticked beside it', () => {
    const scope = 'patient/*.rs patient/Condition.rs';
    const groups = groupsOf(scope);
    const last = boxesOf(groups, new Set(['patient/*.rs']));
    expect(tickedIn(asLeft(groups, last).groups)).toEqual(['patient/*.rs']);
  });

  test('who shared the whole left out no part of it, and who left out the whole left out each part', () => {
    const asked = groupsOf('patient/Goal.rs patient/Condition.rs');
    const whole = boxesOf(groupsOf('patient/*.rs'), new Set(['patient/*.rs']));
    expect(asLeft(asked, whole)).toEqual({ groups: asked, isLeft: false });
    const goals = boxesOf(groupsOf('patient/*.rs'), new Set(['patient/Goal.rs']));
    expect(tickedIn(asLeft(asked, goals).groups)).toEqual(['patient/Goal.rs']);
  });

  test('who they are and whose record is open is as new each time', () => {
    const groups = groupsOf('openid fhirUser launch/patient');
    expect(asLeft(groups, boxesOf(groups, new Set()))).toEqual({ groups, isLeft: false });
  });

  test('[A200] what is sensitive is never ticked before they tick it', () => {
    const sensitive = sensitiveScope('mental-health');
    const groups = describeOffer([sensitive], english);
    expect(asLeft(groups, boxesOf(groups, new Set([sensitive.text])))).toEqual({ groups, isLeft: false });
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  asLeft,
  askedAgain,
  describeOffer,
  leftAfter,
  recall,
  withDecision,
  type Left,
  type OfferGroup,
  type RememberedDecision,
} from '../../../src/consent/index.ts';
import { createLanguages, filesOf } from '../../../src/language/index.ts';
import {
  askedAbout,
  covers,
  formatScopeList,
  parseScopeList,
  sensitiveScope,
  type ResourceScope,
} from '../../../src/smart/index.ts';

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
    const all = askedAgain([decision, other]);
    expect(all).toEqual([decision, other].map((one) => ({ ...one, asksAgain: true })));
    expect(recall(all, asked('patient/Patient.rs', 'p1'), NOW)).toBeUndefined();
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
  const tickedIn = (groups: readonly OfferGroup[]): readonly string[] =>
    groups.flatMap(({ scopes }) =>
      scopes
        .flatMap((scope) => [scope, ...(scope.parts ?? [])])
        .flatMap((one) => (one.checked ? one.value : [])),
    );
  const LAB =
    'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
  const SURVEY = LAB.replace('laboratory', 'survey');
  /** What is left after each of these pages, asked about one after the other, was posted with these boxes ticked. */
  const after = (...pages: readonly (readonly [asked: string, ticked: string])[]): Left =>
    pages.reduce<Left>(
      (before, [scopes, ticked]) => leftAfter(groupsOf(scopes), new Set(ticked.split(' ')), before),
      { out: [], shared: [] },
    );
  const GOC = 'patient/Goal.rs patient/Observation.rs patient/Condition.rs';

  test('nothing before, or all of it: as they would begin', () => {
    const groups = groupsOf(GOC);
    expect(asLeft(groups, undefined)).toEqual({ groups, isLeft: false });
    expect(asLeft(groups, after([GOC, GOC]))).toEqual({ groups, isLeft: false });
  });

  // What was asked and ticked, page by page; what is asked now; what begins ticked of it.
  test.each([
    [
      'what was left out, beside what is new',
      [['patient/Goal.rs patient/Condition.rs', 'patient/Goal.rs']],
      'patient/Goal.rs patient/Condition.rs patient/CareTeam.rs',
      'patient/Goal.rs patient/CareTeam.rs',
    ],
    [
      'a part',
      [[GOC, `patient/Goal.rs patient/Condition.rs ${LAB}`]],
      GOC,
      `patient/Goal.rs patient/Condition.rs ${LAB}`,
    ],
    ['another part of what a part was shared of', [[GOC, `patient/Goal.rs ${LAB}`]], `${SURVEY} ${LAB}`, LAB],
    [
      'seeing and not changing',
      [['patient/Goal.cruds', 'patient/Goal.rs']],
      'patient/Goal.cruds',
      'patient/Goal.rs',
    ],
    ['nothing of all', [[GOC, 'openid']], GOC, ''],
    [
      'less was asked for in between',
      [
        [GOC, 'patient/Condition.rs'],
        ['patient/Condition.rs', 'patient/Condition.rs'],
      ],
      GOC,
      'patient/Condition.rs',
    ],
    [
      'one was taken back since',
      [
        [GOC, `patient/Condition.rs ${LAB}`],
        [`patient/Condition.rs ${LAB}`, LAB],
      ],
      GOC,
      LAB,
    ],
    [
      'it was ticked again since',
      [
        [GOC, 'patient/Goal.rs'],
        [GOC, GOC],
      ],
      GOC,
      GOC,
    ],
    [
      'the whole, and one of it as a whole',
      [['patient/*.rs patient/Condition.rs', 'patient/*.rs']],
      'patient/*.rs',
      'patient/*.rs',
    ],
    ['one of a whole that was shared', [['patient/*.rs', 'patient/*.rs']], GOC, GOC],
    ['one of a whole that was not', [['patient/*.rs', 'patient/Goal.rs']], GOC, 'patient/Goal.rs'],
    [
      'the whole of what one was left out of',
      [[GOC, 'patient/Goal.rs patient/Condition.rs']],
      'patient/*.rs',
      'patient/Goal.rs patient/Condition.rs',
    ],
    ['another spelling of what was left out', [['patient/Goal.rs', 'openid']], 'patient/Goal.read', ''],
    ['less of what was left out', [['patient/Goal.rs', 'openid']], 'patient/Goal.r', ''],
    [
      'the whole in the spelling of before, of which a part was shared',
      [['patient/Observation.rs', LAB]],
      'patient/Observation.read',
      LAB,
    ],
    [
      'the whole was shared, then one of it left out',
      [
        ['patient/*.rs', 'patient/*.rs'],
        [GOC, 'patient/Goal.rs patient/Condition.rs'],
      ],
      'patient/Goal.rs patient/Observation.r',
      'patient/Goal.rs',
    ],
    [
      'lasting access',
      [['patient/Goal.rs offline_access', 'patient/Goal.rs']],
      'patient/Goal.rs offline_access',
      'patient/Goal.rs',
    ],
    [
      'the lesser way to stay connected, alone',
      [['patient/Goal.rs offline_access online_access', 'patient/Goal.rs offline_access']],
      'patient/Goal.rs online_access',
      'patient/Goal.rs online_access',
    ],
    [
      'the lesser, then both',
      [['patient/Goal.rs online_access', 'patient/Goal.rs online_access']],
      'patient/Goal.rs offline_access online_access',
      'patient/Goal.rs offline_access',
    ],
  ] as const)('%s', (_title, pages, asks, ticked) => {
    const { groups } = asLeft(groupsOf(asks), after(...pages));
    expect(tickedIn(groups).toSorted()).toEqual(ticked.split(' ').filter(Boolean).toSorted());
  });

  test('who they are and whose record is open is as new each time', () => {
    const groups = groupsOf('openid fhirUser launch/patient');
    expect(asLeft(groups, after(['openid fhirUser launch/patient', '']))).toEqual({ groups, isLeft: false });
  });

  test('[A200] what is sensitive is never ticked before they tick it', () => {
    const sensitive = sensitiveScope('mental-health');
    const groups = describeOffer([sensitive], english);
    const left = leftAfter(groups, new Set([sensitive.text]));
    expect(asLeft(groups, left)).toEqual({ groups, isLeft: false });
  });

  test('what is kept does not grow without end, and is the newest', () => {
    let left: Left = { out: [], shared: [] };
    for (let round = 0; round < 400; round += 1) {
      const scope = `patient/Observation.rs?code=http://loinc.org|${round}`;
      left = leftAfter(groupsOf(scope), new Set(), left);
    }
    expect([left.out.length, left.out[0]]).toEqual([200, 'patient/Observation.rs?code=http://loinc.org|399']);
  });

  test('a box that was left out is not ticked by asking for it in other words', () => {
    const some = fc.constantFrom('Goal', 'Observation', '*');
    const letters = fc.constantFrom('r', 's', 'rs', 'rs?code=http://loinc.org|1');
    fc.assert(
      fc.property(some, letters, some, letters, (type, what, again, how) => {
        const scope = `patient/${type}.${what}`;
        const [refused, asks] = [scope, `patient/${again}.${how}`].map((text) => scopesOf(text)[0]) as [
          ResourceScope,
          ResourceScope,
        ];
        const { groups } = asLeft(groupsOf(asks.text), after([scope, 'openid']));
        const isRelated = covers(refused, asks) || covers(asks, refused);
        expect(tickedIn(groups)).toEqual(isRelated ? [] : [asks.text]);
      }),
    );
  });
});

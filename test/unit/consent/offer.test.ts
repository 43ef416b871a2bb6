import { describe, expect, test } from '@jest/globals';
import { describeOffer, type OfferedScope } from '../../../src/consent/index.ts';
import { createLanguage, filesOf } from '../../../src/language/index.ts';
import {
  RESOURCE_TYPES,
  US_CORE_CATEGORIES,
  US_CORE_TYPES,
  categoryScope,
  parseScopeList,
} from '../../../src/smart/index.ts';

const [english] = filesOf(['en']).map((file) => createLanguage(file));
const offerOf = (scopes: string): ReturnType<typeof describeOffer> =>
  describeOffer(parseScopeList(scopes).scopes, english!);

function offered(scope: string): OfferedScope {
  const [first] = offerOf(scope).flatMap(({ scopes }) => scopes);
  if (!first) throw new TypeError(`${scope} is not in the offer`);
  return first;
}

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';

describe('describeOffer', () => {
  test('[CONS-07] each scope stands in its group, in the order of the groups', () => {
    const groups = offerOf(
      'offline_access user/Patient.rs launch/patient __billing openid fhirUser patient/Goal.rs',
    );
    expect(groups.map(({ id, scopes }) => [id, scopes.map(({ value }) => value)])).toEqual([
      ['record', ['patient/Goal.rs']],
      ['patients', ['user/Patient.rs']],
      ['identity', ['openid', 'fhirUser']],
      ['context', ['launch/patient', '__billing']],
      ['duration', ['offline_access']],
    ]);
  });

  test('[CONS-09] nothing is left out, and an empty group is not shown', () => {
    expect(offerOf('')).toEqual([]);
    expect(offerOf('openid').map(({ id }) => id)).toEqual(['identity']);
  });

  test('[REF-17] [CONS-13] of both ways to stay connected the lasting one is ticked, the other a choice in its place', () => {
    const linesOf = (scopes: string) =>
      offerOf(scopes).flatMap((group) =>
        group.scopes.map(({ value, checked, detail }) => [value, checked, detail]),
      );
    expect(linesOf('online_access')).toEqual([['online_access', true, undefined]]);
    expect(linesOf('online_access offline_access')).toEqual([
      [
        'online_access',
        false,
        'In place of “Keep access when you are not using the app”: for this, untick that.',
      ],
      ['offline_access', true, 'Without this, access ends after a short time.'],
    ]);
  });

  test.each([
    // requirement scope                                              what a person reads
    ['CONS-07', 'patient/*.rs', 'All health data'],
    ['CONS-07', 'patient/Patient.rs', 'Name, birth date and contact details'],
    ['CONS-07', 'patient/Immunization.rs', 'Vaccines'],
    ['CONS-07', 'patient/ImagingStudy.rs', 'Scans and X-rays'],
    ['CONS-07', 'patient/TestScript.rs', 'Test script'],
    ['CONS-07', 'openid', 'Know that it is you'],
    ['CONS-07', 'fhirUser', 'Your role and name in the health record'],
    ['CONS-07', 'launch', 'Know what was open when the app was started'],
    ['CONS-07', 'launch/patient', 'Know which patient this is about'],
    ['CONS-07', 'launch/encounter', 'Know which visit this is about'],
    ['CONS-07', 'launch/imagingstudy', 'Know which imaging study this is about'],
    ['CONS-13', 'offline_access', 'Keep access when you are not using the app'],
    ['CONS-13', 'online_access', 'Keep access until you sign out'],
    ['CONS-11', `patient/Observation.rs?category=${OBSERVATION}|laboratory`, 'Lab results'],
    ['CONS-11', 'patient/Observation.rs?category=laboratory', 'Lab results'],
    [
      'CONS-11',
      `patient/Observation.rs?category=${OBSERVATION}|laboratory,${OBSERVATION}|vital-signs`,
      'Lab results or Vital signs, such as weight and blood pressure',
    ],
    [
      'CONS-11',
      `patient/Observation.rs?category=${OBSERVATION}|imaging,${OBSERVATION}|laboratory`,
      'Test results, vital signs and other measurements (only category imaging or Lab results)',
    ],
    [
      'CONS-11',
      'patient/Observation.rs?category=laboratory&status=final',
      'Test results, vital signs and other measurements (only Lab results, status final)',
    ],
    [
      'CONS-11',
      'patient/Condition.rs?clinical-status=active',
      'Health problems (only clinical-status active)',
    ],
    ['CONS-11', 'patient/Condition.rs?category=laboratory', 'Health problems (only category laboratory)'],
    ['CONS-11', 'patient/Condition.rs?category=constructor', 'Health problems (only category constructor)'],
    ['CONS-11', 'patient/Condition.rs?category=__proto__', 'Health problems (only category __proto__)'],
    ['CONS-11', 'patient/Condition.rs?category=http://x|', 'Health problems (only category http://x|)'],
  ])('[%s] %s reads "%s"', (_requirement, scope, label) => {
    expect(offered(scope).label).toBe(label);
  });

  test('[CONS-10] [CONS-11] what certification asks for has words of its own', () => {
    const types = US_CORE_TYPES.map((type) => offered(`patient/${type}.rs`).label);
    const categories = US_CORE_CATEGORIES.map(
      (category) => offered(categoryScope('patient', category)).label,
    );
    expect(new Set([...types, ...categories]).size).toBe(US_CORE_TYPES.length + US_CORE_CATEGORIES.length);
    expect(categories.filter((label) => /category|\|/.test(label))).toEqual([]);
  });

  test('[CONS-07] no resource type is left without words', () => {
    const labels = [...RESOURCE_TYPES].map((type) => offered(`patient/${type}.rs`).label);
    expect(labels.filter((label) => !/^[A-Z][a-z]+/.test(label))).toEqual([]);
  });

  test.each([
    // requirement scope                write wildcard detail
    ['CONS-07', 'patient/Goal.rs', false, false, undefined],
    ['CONS-07', 'patient/Goal.s', false, false, undefined],
    ['CONS-07', 'patient/Goal.read', false, false, undefined],
    ['CONS-07', 'patient/Goal.c', true, false, 'The app can add these.'],
    ['CONS-07', 'patient/Goal.cud', true, false, 'The app can add, change and delete these.'],
    ['CONS-07', 'patient/Goal.rd', true, false, 'The app can see and delete these.'],
    ['CONS-08', 'patient/*.rs', false, true, undefined],
    ['CONS-08', 'user/*.*', true, true, 'The app can see, add, change and delete these.'],
  ])('[%s] %s: writes %s, everything %s', (_requirement, scope, write, wildcard, detail) => {
    const { label: _label, ...rest } = offered(scope);
    const { parts: _parts, ...whole } = rest;
    expect(whole).toEqual({ value: scope, checked: true, write, wildcard, detail });
  });

  test('[A081] an extension scope is shown as text, word for word', () => {
    expect(offered('__<script>')).toMatchObject({ detail: '__<script>', write: false });
  });
});

describe('parts of a scope', () => {
  const partsOf = (scope: string) =>
    offerOf(scope).flatMap(({ scopes }) => scopes.flatMap(({ parts }) => parts ?? []));

  test('[CONS-11] [G10-10] a patient may share only some categories, each unticked at first', () => {
    const parts = partsOf('patient/Condition.rs');
    expect(parts.map(({ label }) => label)).toEqual([
      'Health problems found at a visit',
      'Your list of health problems',
      'Health concerns',
    ]);
    expect(parts.every(({ checked, write }) => !checked && !write)).toBe(true);
  });

  test('[CONS-12] a clinician is not asked about categories', () => {
    expect(partsOf('user/Condition.rs')).toEqual([]);
  });
});

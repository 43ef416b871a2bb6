import { describe, expect, test } from '@jest/globals';
import { parseScopeList } from '../../../src/smart/index.ts';
import {
  canonicalUsername,
  newAccount,
  ownPatient,
  patientsWithin,
  rightsOf,
} from '../../../src/identity/index.ts';

const ada = { username: 'ada', name: 'Ada Example', role: 'patient', fhirUser: 'Patient/p1' } as const;
const doctor = {
  username: 'grey',
  name: 'Dr Grey',
  role: 'practitioner',
  fhirUser: 'Practitioner/d1',
} as const;

const mother = {
  username: 'eve',
  name: 'Eve',
  role: 'representative',
  fhirUser: 'RelatedPerson/r1',
} as const;

const accepts = (account: object): boolean => newAccount.safeParse(account).success;

describe('canonicalUsername', () => {
  test.each([
    ['Ada', 'ada'],
    ['ÅSA', 'a\u030asa'],
    ['ａｄａ', 'ada'], // full width
    ['ﬁnn', 'finn'], // the fi ligature
    ['K', '\u212a'], // the Kelvin sign
  ])('[A078] %s and %s are one user name', (one, other) => {
    expect(canonicalUsername(one)).toBe(canonicalUsername(other));
  });

  test.each([
    ['ada', 'аda'], // a Cyrillic а
    ['ada', 'ada1'],
    ['ada', 'àda'],
  ])('[A078] %s and %s are two', (one, other) => {
    expect(canonicalUsername(one)).not.toBe(canonicalUsername(other));
  });
});

describe('newAccount', () => {
  test.each([
    ['CONS-01', ada, true],
    ['CONS-01', doctor, true],
    ['OIDC-06', { ...doctor, fhirUser: undefined }, true],
    ['OIDC-06', { ...doctor, fhirUser: 'PractitionerRole/x-1.2' }, true],
    ['OIDC-06', { ...doctor, fhirUser: 'Device/1' }, false],
    ['OIDC-06', { ...doctor, fhirUser: 'https://ehr.example/Practitioner/1' }, false],
    ['OIDC-06', { ...doctor, fhirUser: 'Practitioner/' }, false],
    ['OIDC-06', { ...doctor, fhirUser: 'Practitioner/1/_history/2' }, false],
    ['CONS-06', { ...ada, fhirUser: undefined }, false],
    ['CONS-06', { ...ada, fhirUser: 'Practitioner/d1' }, false],
    ['CONS-06', { ...ada, role: 'administrator' }, false],
    ['A083', { ...ada, disabled: false }, false],
    ['A095', mother, true],
    ['A095', { ...mother, fhirUser: 'Person/x1' }, true],
    ['A095', { ...mother, fhirUser: 'Patient/p1' }, false],
    ['A095', { ...mother, fhirUser: undefined }, false],
    ['A078', { ...ada, username: '' }, false],
    ['A078', { ...ada, username: 'a da' }, false],
    ['A078', { ...ada, username: 'ada\u0000' }, false],
    ['A078', { ...ada, username: 'ada\u202e' }, false],
    ['A078', { ...ada, username: 'x'.repeat(100) }, true],
    ['A078', { ...ada, username: 'x'.repeat(101) }, false],
  ])('[%s] %j: %s', (_requirement, account, expected) => {
    expect(accepts(account)).toBe(expected);
  });
});

describe('whose record', () => {
  test.each([
    // requirement account                                  patient       allowed
    ['CONS-06', ada, 'p1', true],
    ['CONS-06', ada, 'p2', false],
    ['CONS-06', ada, 'P1', false],
    ['CONS-06', ada, 'Patient/p1', false],
    ['CONS-06', ada, '', false],
    ['CONS-06', ada, 'undefined', false],
    ['CONS-06', { role: 'patient' }, 'undefined', false],
    ['CONS-06', { role: 'patient' }, '', false],
    ['CONS-06', doctor, 'p2', true],
  ] as const)('[%s] %j may put %j in context: %s', (_requirement, account, patient, allowed) => {
    expect(patientsWithin(account, [])?.includes(patient) ?? true).toBe(allowed);
  });

  test('[CONS-06] [A095] who acts for others may open their records, and the own one first', () => {
    expect(patientsWithin(ada, ['p7', 'p1', 'p8'])).toEqual(['p1', 'p7', 'p8']);
    expect(patientsWithin(mother, ['p7'])).toEqual(['p7']);
    expect(patientsWithin(mother, [])).toEqual([]);
    expect(patientsWithin(doctor, ['p7'])).toBeUndefined();
  });

  test('[CONS-04] a patient has one patient, a practitioner chooses', () => {
    expect(ownPatient(ada)).toBe('p1');
    expect(ownPatient(doctor)).toBeUndefined();
    expect(ownPatient({ role: 'practitioner', fhirUser: 'Patient/p9' })).toBeUndefined();
  });

  test('[SEM-07] a patient can pass on nothing at user level', () => {
    const levels = (role: 'patient' | 'practitioner' | 'representative'): string[] => {
      const { scopes, problems } = parseScopeList(rightsOf(role));
      expect(problems).toEqual([]);
      return scopes.map(({ text }) => text);
    };
    expect(levels('patient')).toEqual(['patient/*.cruds']);
    expect(levels('representative')).toEqual(['patient/*.cruds']);
    expect(levels('practitioner')).toEqual(['patient/*.cruds', 'user/*.cruds']);
  });
});

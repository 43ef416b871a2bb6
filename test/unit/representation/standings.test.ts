import { describe, expect, test } from '@jest/globals';

import {
  DEFAULT_RELATIONSHIPS,
  standingsOf,
  type PersonRecord,
  type RelatedPersonRecord,
  type Relations,
  type RepresentationRules,
  type RepresentedPatient,
} from '../../../src/representation/index.ts';

const RULES: RepresentationRules = {
  relationships: { ...DEFAULT_RELATIONSHIPS, 'urn:hospital|carer': 'guardian' },
  majorityAge: 18,
  assurance: 'level3',
};
const ROLE_CODE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
const at = (text: string): number => Date.parse(text) / 1000;
const NOW = at('2026-11-26T12:00:00Z');

const LEO: RepresentedPatient = { id: 'leo', name: 'Leo', birthDate: '2018-03-09' };
const mother = (more: Partial<RelatedPersonRecord> = {}): RelatedPersonRecord => ({
  id: 'r1',
  active: true,
  patient: 'leo',
  relationships: [{ system: ROLE_CODE, code: 'MTH' }],
  ...more,
});

interface Held {
  readonly related?: readonly RelatedPersonRecord[];
  readonly persons?: readonly PersonRecord[];
  readonly patients?: readonly RepresentedPatient[];
}

function server({ related = [mother()], persons = [], patients = [LEO] }: Held): Relations {
  const byId = <One extends { readonly id: string }>(all: readonly One[], id: string): One | undefined =>
    all.find((one) => one.id === id);
  return {
    readRelatedPerson: async (id) => byId(related, id),
    readPerson: async (id) => byId(persons, id),
    personsLinkedTo: async (reference) =>
      persons.filter(({ links }) => links.some(({ target }) => target === reference)),
    readPatient: async (id) => byId(patients, id),
  };
}

const of = async (fhirUser: string, held: Held, now = NOW, rules = RULES) =>
  (await standingsOf(fhirUser, server(held), rules, now)).map(({ patient, basis, until, actsAs }) => ({
    patient: patient.id,
    basis,
    actsAs,
    ...(until === undefined ? {} : { until: new Date(until * 1000).toISOString().slice(0, 10), ends: until }),
  }));

describe('by which right', () => {
  test('[A095] a mother acts for her child until the child is of age', async () => {
    const standing = { patient: 'leo', basis: 'parent', actsAs: 'RelatedPerson/r1', until: '2036-03-09' };
    expect(await of('RelatedPerson/r1', {})).toMatchObject([standing]);
    expect(await of('RelatedPerson/r1', {}, at('2036-03-08T23:59:59Z'))).toHaveLength(1);
    expect(await of('RelatedPerson/r1', {}, at('2036-03-09T00:00:00Z'))).toEqual([]);
    expect(await of('RelatedPerson/r1', {}, NOW, { ...RULES, majorityAge: 16 })).toMatchObject([
      { until: '2034-03-09' },
    ]);
  });

  const coded = (code: string, system = ROLE_CODE) => ({ relationships: [{ system, code }] });
  test.each<[string, Partial<RelatedPersonRecord>, string | undefined]>([
    ['a guardian', coded('GUARD'), 'guardian'],
    ['a health care power of attorney', coded('HPOWATT'), 'power-of-attorney'],
    ['a relationship of the house', coded('carer', 'urn:hospital'), 'guardian'],
    ['a code of another system', coded('GUARD', 'urn:other'), undefined],
    ['a spouse', coded('SPS'), undefined],
    ['an emergency contact', coded('C', 'http://terminology.hl7.org/CodeSystem/v2-0131'), undefined],
    ['a name every object has', coded('constructor'), undefined],
    ['no relationship', { relationships: [] }, undefined],
    ['one that is over', { active: false }, undefined],
    ['a patient of nobody', { id: 'r1', patient: 'somebody' }, undefined],
  ])('[A095] %s', async (_what, more, basis) => {
    const [standing] = await of('RelatedPerson/r1', { related: [mother(more)] });
    expect(standing?.basis).toBe(basis);
  });

  test.each([
    // start         end                     right, until
    ['2026-11-26', undefined, true, '2036-03-09'],
    ['2026-11-27', undefined, false, undefined],
    ['2027', undefined, false, undefined],
    ['2026', undefined, true, '2036-03-09'],
    [undefined, '2026-11-25', false, undefined],
    [undefined, '2026-11-26', true, '2026-11-27'],
    [undefined, '2026-11', true, '2026-12-01'],
    [undefined, '2026', true, '2027-01-01'],
    [undefined, '2025', false, undefined],
    [undefined, '2026-11-26T11:59:59Z', false, undefined],
    [undefined, '2026-11-26T14:00:00+01:00', true, '2026-11-26'],
    [undefined, '2099', true, '2036-03-09'],
    [undefined, '2026-11-28T10:00:00.123Z', true, '2026-11-28'],
    ['soon', undefined, false, undefined],
    [undefined, 'never', false, undefined],
  ])('[A095] from %s to %s: %s', async (start, end, isRight, until) => {
    const period = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
    const standings = await of('RelatedPerson/r1', { related: [mother({ period })] });
    expect(standings.map((one) => one.until)).toEqual(isRight ? [until] : []);
    expect(standings.every((one) => Number.isInteger(one.ends ?? 0))).toBe(true);
  });

  test.each<[string, Partial<RepresentedPatient>, number]>([
    ['nobody knows when the child was born', { birthDate: undefined as unknown as string }, 0],
    ['only the year is known, and the child may be of age', { birthDate: '2008' }, 0],
    ['only the year is known, and the child cannot be of age', { birthDate: '2009' }, 1],
    ['born on 29 February', { birthDate: '2012-02-29' }, 1],
    ['the patient has died', { deceased: true }, 0],
  ])('[A095] %s', async (_what, more, count) => {
    expect(await of('RelatedPerson/r1', { patients: [{ ...LEO, ...more }] })).toHaveLength(count);
  });

  test('a second right lasts as long as it would alone', async () => {
    const both = [
      { system: ROLE_CODE, code: 'MTH' },
      { system: ROLE_CODE, code: 'GUARD' },
    ];
    const [standing] = await of('RelatedPerson/r1', { related: [mother({ relationships: both })] });
    expect(standing).toEqual({ patient: 'leo', basis: 'guardian', actsAs: 'RelatedPerson/r1' });
    const related = [mother({ period: { end: '2027' } }), mother({ id: 'r2' })];
    const person = personWith(['RelatedPerson/r1', 'RelatedPerson/r2']);
    expect(await of('Person/x', { related, persons: [person] })).toMatchObject([
      { actsAs: 'RelatedPerson/r2' },
    ]);
  });
});

function personWith(
  targets: readonly string[],
  assurance?: string,
  more: Partial<PersonRecord> = {},
): PersonRecord {
  const links = targets.map((target) => ({ target, assurance: assurance ?? 'level3' }));
  return { id: 'x', active: true, links, ...more };
}

describe('one human being in several records', () => {
  test('[A095] a patient who is a Person with a RelatedPerson acts for that one’s patient', async () => {
    const persons = [personWith(['Patient/amy', 'RelatedPerson/r1'])];
    expect(await of('Patient/amy', { persons })).toMatchObject([{ patient: 'leo' }]);
    expect(await of('Patient/ben', { persons })).toEqual([]);
  });

  test('[A095] a link counts from both ends, and only when somebody was sure of it', async () => {
    const links = (own: string | undefined, other: string | undefined) => [
      { target: 'Patient/amy', ...(own === undefined ? {} : { assurance: own }) },
      { target: 'RelatedPerson/r1', ...(other === undefined ? {} : { assurance: other }) },
    ];
    const acts = async (own: string | undefined, other: string | undefined): Promise<boolean> =>
      (await of('Patient/amy', { persons: [{ id: 'x', active: true, links: links(own, other) }] })).length >
      0;
    expect(await acts('level3', 'level4')).toBe(true);
    expect(await acts('level2', 'level4')).toBe(false);
    expect(await acts('level4', 'level2')).toBe(false);
    expect(await acts('level4', undefined)).toBe(false);
    expect(await acts('level9', 'level4')).toBe(false);
  });

  test('[A095] a Person that is not used any more, and one that is not there, act for nobody', async () => {
    const persons = [personWith(['RelatedPerson/r1'], 'level4', { active: false })];
    expect(await of('Person/x', { persons })).toEqual([]);
    expect(await of('Person/y', { persons })).toEqual([]);
    expect(await of('RelatedPerson/r9', { persons })).toEqual([]);
  });

  test('[A095] a RelatedPerson reaches the other patients of the same human being', async () => {
    const related = [mother(), mother({ id: 'r2', patient: 'mia' })];
    const patients = [LEO, { id: 'mia', name: 'Mia', birthDate: '2020-01-01' }];
    const persons = [personWith(['RelatedPerson/r1', 'RelatedPerson/r2'])];
    const found = await of('RelatedPerson/r1', { related, patients, persons });
    expect(found.map(({ patient }) => patient)).toEqual(['leo', 'mia']);
  });

  test('a server that is away is no answer', async () => {
    const away = { ...server({}), readPatient: () => Promise.reject(new Error('away')) };
    await expect(standingsOf('RelatedPerson/r1', away, RULES, NOW)).rejects.toThrow('away');
  });
});

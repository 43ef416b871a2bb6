import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, matchesConstraint, patientsOf, visibleTo } from '../../../src/resource-server/index.ts';
import { tokenOf } from './token-of.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const labAndSurvey = {
  resourceType: 'Observation',
  id: 'o1',
  meta: { tag: [{ system: 'urn:tags', code: 'study' }], security: [{ code: 'R' }] },
  status: 'final',
  category: [
    { coding: [{ system: OBSERVATION, code: 'laboratory' }] },
    { coding: [{ system: OBSERVATION, code: 'survey' }] },
  ],
  code: { coding: [{ code: 'local' }] },
  subject: { reference: 'Patient/p1' },
};

describe('matchesConstraint', () => {
  test.each([
    // requirement param     value                          holds
    ['SEM-14', 'category', `${OBSERVATION}|laboratory`, true],
    ['SEM-14', 'category', `${OBSERVATION}|survey`, true],
    ['SEM-14', 'category', `${OBSERVATION}|vital-signs`, false],
    ['SEM-14', 'category', 'http://elsewhere.example|laboratory', false],
    ['SEM-14', 'category', 'laboratory', true],
    ['SEM-14', 'category', `${OBSERVATION}|`, true],
    ['SEM-14', 'category', '|laboratory', false],
    ['SEM-14', 'category', 'vital-signs,laboratory', true],
    ['SEM-14', 'category', 'vital-signs,', false],
    ['SEM-14', 'category', '|', false],
    ['SEM-14', 'category', 'LABORATORY', false],
    ['SEM-14', 'code', '|local', true],
    ['SEM-14', 'status', 'final', true],
    ['SEM-14', 'status', 'amended', false],
    ['SEM-14', '_id', 'o1', true],
    ['SEM-14', 'value-quantity', '5', false],
    ['SEM-14', 'constructor', 'x', false],
    ['SEM-14', 'clinical-status', 'active', false],
    ['SEM-14', '_tag', 'urn:tags|study', true],
    ['SEM-14', '_tag', 'urn:tags|other', false],
    ['SEM-14', '_security', 'R', true],
    ['SEM-14', 'code:in', 'local', false],
    ['SEM-14', 'category:not', 'vital-signs', false],
    ['SEM-14', 'identifier', 'local', false],
    ['SEM-14', 'date', '2026', false],
  ])('[%s] %s=%s: %s', (_requirement, param, value, holds) => {
    expect(matchesConstraint(labAndSurvey, { param, value })).toBe(holds);
  });
});

describe('patientsOf', () => {
  test.each([
    ['SEM-05', { resourceType: 'Patient', id: 'p1' }, ['p1']],
    ['SEM-05', { resourceType: 'Patient' }, []],
    ['SEM-05', { resourceType: 'Coverage', beneficiary: { reference: 'Patient/p1' } }, ['p1']],
    ['SEM-05', { resourceType: 'Immunization', patient: { reference: 'Patient/p1/_history/3' } }, ['p1']],
    ['SEM-05', { resourceType: 'Observation', subject: { reference: 'Group/p1' } }, []],
    [
      'SEM-05',
      { resourceType: 'Observation', subject: { reference: 'https://else.example/Patient/p1' } },
      [],
    ],
    ['SEM-05', { resourceType: 'Observation', subject: 'Patient/p1' }, []],
    ['SEM-05', { resourceType: 'Observation', performer: [{ reference: 'Patient/p1' }] }, []],
    ['SEM-05', { resourceType: 'Group', member: [{ entity: { reference: 'Patient/p1' } }] }, []],
    ['SEM-21', { resourceType: 'Patient', id: 'p2', link: [{ other: { reference: 'Patient/p1' } }] }, ['p2']],
  ])('[%s] %j belongs to %j', (_requirement, resource, patients) => {
    expect(patientsOf(resource)).toEqual(patients);
  });
});

describe('visibleTo', () => {
  const p1 = { patient: 'p1', constraints: [] };

  test('[SEM-05] only the right patient, and only when something is allowed', () => {
    expect(visibleTo([p1], labAndSurvey)).toBe(true);
    expect(visibleTo([{ patient: 'p2', constraints: [] }], labAndSurvey)).toBe(false);
    expect(visibleTo([{ patient: 'p2', constraints: [] }, p1], labAndSurvey)).toBe(true);
    expect(visibleTo([], labAndSurvey)).toBe(false);
  });

  test('[SEM-06] who saw the patient and where is nobody’s record; an unknown type is hidden', () => {
    expect(visibleTo([p1], { resourceType: 'Practitioner', id: 'x' })).toBe(true);
    expect(visibleTo([p1], { resourceType: 'Basic', id: 'x' })).toBe(false);
  });

  test('[SEM-21] a record that is linked to another is not shown with it, in neither direction', () => {
    const linked = (id: string, other: string, type: string) => ({
      ...{ resourceType: 'Patient', id },
      link: [{ other: { reference: `Patient/${other}` }, type }],
    });
    expect(visibleTo([p1], linked('p2', 'p1', 'replaces'))).toBe(false);
    expect(visibleTo([p1], linked('p1', 'p2', 'replaced-by'))).toBe(true);
    const ofTheOther = { ...labAndSurvey, subject: { reference: 'Patient/p2' } };
    expect(visibleTo([p1], ofTheOther)).toBe(false);
  });

  test('[SEM-14] all constraints of one alternative must hold', () => {
    const both = [
      { param: 'category', value: 'laboratory' },
      { param: 'status', value: 'amended' },
    ];
    expect(visibleTo([{ patient: 'p1', constraints: both }], labAndSurvey)).toBe(false);
    expect(visibleTo([{ patient: 'p1', constraints: both.slice(0, 1) }], labAndSurvey)).toBe(true);
  });

  test('[SEM-05] [SEM-22] patient/ scopes alone never show the record of another patient', () => {
    const patient = fc.constantFrom('p1', 'p2', 'p3');
    const scope = fc
      .tuple(
        fc.constantFrom('*', 'Patient', 'Observation', 'Condition', 'Coverage'),
        fc.constantFrom('r', 's', 'rs', 'cruds'),
        fc.constantFrom('', '?category=laboratory', '?status=final', '?category=laboratory,survey'),
      )
      .map(([type, letters, query]) => `patient/${type}.${letters}${query}`);
    const resource = fc.oneof(
      patient.map((id) => ({ resourceType: 'Patient', id })),
      patient.map((id) => ({ ...labAndSurvey, subject: { reference: `Patient/${id}` } })),
      patient.map((id) => ({ resourceType: 'Coverage', beneficiary: { reference: `Patient/${id}` } })),
    );
    fc.assert(
      fc.property(fc.array(scope), patient, resource, fc.boolean(), (scopes, inContext, shown, isRead) => {
        const { resourceType } = shown;
        const decision = decide(
          tokenOf(scopes.join(' '), { patient: inContext }),
          isRead ? { kind: 'read', resourceType, id: '1' } : { kind: 'search-type', resourceType },
        );
        const visible = decision.allowed && visibleTo(decision.filters, shown);
        expect(!visible || patientsOf(shown).includes(inContext)).toBe(true);
      }),
    );
  });
});

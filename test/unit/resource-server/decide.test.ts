import { describe, expect, test } from '@jest/globals';
import { decide, type FhirInteraction } from '../../../src/resource-server/index.ts';
import { tokenOf } from './token-of.ts';

const read = (resourceType: string): FhirInteraction => ({ kind: 'read', resourceType, id: '1' });
const search = (resourceType: string): FhirInteraction => ({ kind: 'search-type', resourceType });
const create: FhirInteraction = { kind: 'create', resourceType: 'Observation' };
const update: FhirInteraction = { kind: 'update', resourceType: 'Observation', id: '1' };
const updateWhere: FhirInteraction = { kind: 'update', resourceType: 'Observation' };
const everything: FhirInteraction = {
  kind: 'operation',
  name: '$everything',
  resourceType: 'Patient',
  id: 'p1',
};
const LAB = 'category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

describe('decide', () => {
  test.each([
    // requirement  scope                                  interaction            allowed
    ['SEM-12', 'patient/Observation.r', read('Observation'), true],
    ['SEM-12', 'patient/Observation.r', search('Observation'), false],
    ['SEM-12', 'patient/Observation.s', search('Observation'), true],
    ['SEM-12', 'patient/Observation.s', read('Observation'), false],
    [
      'SEM-12',
      'patient/Observation.r',
      { kind: 'history-instance', resourceType: 'Observation', id: '1' },
      true,
    ],
    ['SEM-12', 'patient/Observation.r', { kind: 'history-type', resourceType: 'Observation' }, false],
    ['SEM-10', 'patient/Observation.r patient/Observation.s', search('Observation'), true],
    ['SEM-10', 'patient/Condition.rs user/Observation.rs', read('Observation'), true],
    ['SEM-13', 'patient/Observation.cud', read('Observation'), false],
    ['SEM-13', 'patient/Observation.write', search('Observation'), false],
    ['SEM-13', 'patient/Observation.write', create, true],
    ['SEM-13', 'patient/Observation.read', create, false],
    ['SEM-13', 'patient/Observation.u', update, true],
    ['SEM-13', 'patient/Observation.u', updateWhere, false],
    ['SEM-13', 'patient/Observation.us', updateWhere, true],
    ['SEM-23', 'patient/Observation.rs', read('Condition'), false],
    ['SEM-23', 'patient/*.rs', read('Condition'), true],
    ['SEM-23', 'openid fhirUser launch/patient', read('Patient'), false],
    ['SEM-23', '', read('Patient'), false],
    ['SEM-24', 'patient/Patient.rs', everything, false],
    ['SEM-24', 'patient/*.r', everything, false],
    ['SEM-24', 'patient/*.rs', everything, true],
    ['SEM-24', 'patient/*.rs?status=final', everything, false],
    ['SEM-12', 'patient/Observation.rs', { kind: 'search-system' }, false],
    ['SEM-12', 'patient/*.rs', { kind: 'search-system' }, true],
    ['SEM-11', 'system/*.cruds', { kind: 'batch' }, false],
    ['SEM-01', 'system/*.cruds', { kind: 'unknown' }, false],
  ] as const)('[%s] %s on %j: %s', (_requirement, scope, interaction, allowed) => {
    expect(decide(tokenOf(scope, { patient: 'p1' }), interaction).allowed).toBe(allowed);
  });

  test('[SEM-05] patient/ is confined to the patient in context', () => {
    const decision = decide(tokenOf('patient/Observation.rs', { patient: 'p1' }), search('Observation'));
    expect(decision).toEqual({ allowed: true, filters: [{ patient: 'p1', constraints: [] }], patient: 'p1' });
  });

  test('[SEM-05] patient/ gives nothing when no patient is in context', () => {
    expect(decide(tokenOf('patient/*.cruds'), read('Observation'))).toEqual({
      allowed: false,
      status: 403,
      error: 'insufficient_scope',
      description: 'no granted scope permits read on Observation',
      neededScope: 'patient/Observation.rs',
    });
  });

  test.each(['user', 'system'])(
    '[SEM-07] [SEM-08] %s/ reaches everybody, even with a patient in context',
    (level) => {
      const decision = decide(tokenOf(`${level}/Observation.rs`, { patient: 'p1' }), search('Observation'));
      expect(decision).toEqual({ allowed: true, filters: [{ constraints: [] }] });
    },
  );

  test('[SEM-07] [SEM-09] user/ of a signed-in Patient reaches that patient only', () => {
    const fhirUser = 'https://ehr.example/fhir/r4/Patient/p7';
    const decision = decide(tokenOf('user/Observation.rs', { fhirUser }), search('Observation'));
    expect(decision).toMatchObject({ allowed: true, patient: 'p7' });
  });

  test('[SEM-10] [SEM-14] scopes add up, each with its own constraints', () => {
    const scope = `patient/Observation.rs?${LAB} user/Observation.rs?status=final`;
    expect(decide(tokenOf(scope, { patient: 'p1' }), search('Observation'))).toEqual({
      allowed: true,
      filters: [
        {
          patient: 'p1',
          constraints: [
            {
              param: 'category',
              value: 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
            },
          ],
        },
        { constraints: [{ param: 'status', value: 'final' }] },
      ],
    });
  });

  test('[SEM-24] $everything takes the scopes of all that it returns, and has no letter of its own', () => {
    const allowed = (scope: string): boolean => decide(tokenOf(scope, { patient: 'p1' }), everything).allowed;
    expect(allowed('patient/*.rs')).toBe(true);
    for (const scope of ['patient/Patient.rs', 'patient/Patient.cruds', 'patient/*.r', 'patient/*.cud'])
      expect([scope, allowed(scope)]).toEqual([scope, false]);
  });

  test('[SEM-24] an operation needs both letters over the same patient', () => {
    const token = tokenOf('patient/*.r user/*.s', { patient: 'p1' });
    expect(decide(token, everything)).toMatchObject({ allowed: true, patient: 'p1' });
    const split = tokenOf('patient/*.r user/*.s', { patient: 'p1', fhirUser: 'Patient/p2' });
    expect(decide(split, everything).allowed).toBe(false);
  });

  test.each([
    ['system/Patient.rs', {}, 'system/Condition.rs'],
    ['user/Patient.rs', {}, 'user/Condition.rs'],
    ['launch/patient', { patient: 'p1' }, 'patient/Condition.rs'],
  ])('[SEM-04] the refusal to %s names the scope to ask for', (scope, more, neededScope) => {
    expect(decide(tokenOf(scope, more), read('Condition'))).toMatchObject({ allowed: false, neededScope });
  });
});

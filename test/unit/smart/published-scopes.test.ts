import { describe, expect, test } from '@jest/globals';
import { decide, interactionOf } from '../../../src/resource-server/index.ts';
import {
  PERMISSIONS,
  constraintKey,
  decideOffer,
  formatScopeList,
  needsPatient,
  parseScope,
  permissionLetters,
  type Scope,
} from '../../../src/smart/index.ts';
import { tokenOf } from '../resource-server/token-of.ts';
import { resourceScope } from './arbitraries.ts';

/** The tables and examples of "Scopes and Launch Context", SMART App Launch 2.2.0, row by row. */
describe('the scopes HL7 publishes', () => {
  test.each([
    // v1                          v2
    ['patient/Observation.read', 'patient/Observation.rs'],
    ['patient/Observation.write', 'patient/Observation.cud'],
    ['patient/Observation.*', 'patient/Observation.cruds'],
    ['patient/*.read', 'patient/*.rs'],
    ['patient/*.write', 'patient/*.cud'],
    ['patient/*.*', 'patient/*.cruds'],
    ['user/Patient.read', 'user/Patient.rs'],
    ['user/*.write', 'user/*.cud'],
    ['user/*.*', 'user/*.cruds'],
    ['system/Patient.read', 'system/Patient.rs'],
    ['system/*.*', 'system/*.cruds'],
  ])('[SCO-07] [V1-01] %s means %s', (v1, v2) => {
    const { text: _v1, spelling: _one, ...old } = resourceScope(v1);
    const { text: _v2, spelling: _two, ...current } = resourceScope(v2);
    expect(old).toEqual(current);
  });

  test.each([
    // requirement scope                      level      type                 letters
    ['SCO-17', 'patient/*.rs', 'patient', '*', 'rs'],
    ['SCO-17', 'patient/*.r', 'patient', '*', 'r'],
    ['SCO-17', 'user/*.cruds', 'user', '*', 'cruds'],
    ['SCO-17', 'system/*.cruds', 'system', '*', 'cruds'],
    ['SCO-17', 'system/*.rs', 'system', '*', 'rs'],
    ['SCO-06', 'patient/Observation.rs', 'patient', 'Observation', 'rs'],
    ['SCO-06', 'patient/Observation.cu', 'patient', 'Observation', 'cu'],
    ['SCO-06', 'patient/Observation.c', 'patient', 'Observation', 'c'],
    ['SCO-06', 'patient/AllergyIntolerance.cruds', 'patient', 'AllergyIntolerance', 'cruds'],
    ['SCO-06', 'patient/AllergyIntolerance.rs', 'patient', 'AllergyIntolerance', 'rs'],
    ['SCO-06', 'patient/AllergyIntolerance.cud', 'patient', 'AllergyIntolerance', 'cud'],
    ['SCO-06', 'user/Observation.rs', 'user', 'Observation', 'rs'],
    ['SCO-06', 'user/Appointment.cruds', 'user', 'Appointment', 'cruds'],
    ['SCO-06', 'user/Immunization.rs', 'user', 'Immunization', 'rs'],
    ['SCO-06', 'system/Patient.rs', 'system', 'Patient', 'rs'],
    ['SCO-06', 'system/Observation.rs', 'system', 'Observation', 'rs'],
    ['SCO-06', 'system/Encounter.cud', 'system', 'Encounter', 'cud'],
  ])('[%s] %s: %s, %s, %s', (_requirement, text, level, resourceType, letters) => {
    const scope = resourceScope(text);
    expect(scope).toMatchObject({ level, resourceType, constraints: [], text });
    expect(permissionLetters(scope.permissions)).toBe(letters);
  });

  test.each([
    'category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
    'category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs',
  ])('[SCO-10] patient/Observation.rs?%s is held to just that', (query) => {
    expect(resourceScope(`patient/Observation.rs?${query}`).constraints.map(constraintKey)).toEqual([query]);
  });

  test.each([
    ['SCO-20', 'launch', { kind: 'context' }],
    ['SCO-20', 'launch/patient', { kind: 'context', resourceType: 'Patient' }],
    ['SCO-20', 'launch/encounter', { kind: 'context', resourceType: 'Encounter' }],
    ['SCO-20', 'launch/diagnosticreport', { kind: 'context', resourceType: 'DiagnosticReport' }],
    ['SCO-20', 'launch/imagingstudy', { kind: 'context', resourceType: 'ImagingStudy' }],
    ['SCO-22', 'openid', { kind: 'identity' }],
    ['SCO-22', 'fhirUser', { kind: 'identity' }],
    ['SCO-22', 'offline_access', { kind: 'refresh' }],
    ['SCO-22', 'online_access', { kind: 'refresh' }],
    ['SCO-23', '__profilePhoto.manage', { kind: 'extension' }],
    ['SCO-23', 'https://ehr.example.org/scopes/profilePhoto.manage', { kind: 'extension' }],
  ] as const)('[%s] %s is %j', (_requirement, text, meaning: Partial<Scope>) => {
    expect(parseScope(text)).toMatchObject({ ok: true, scope: { ...meaning, text } });
  });
});

describe('the permissions of each interaction', () => {
  const request = (line: string): Parameters<typeof interactionOf>[0] => {
    const [method = '', target = ''] = line.split(' ');
    const { pathname, searchParams } = new URL(target, 'https://ehr.example');
    const contentType = target.endsWith('_search') ? 'application/x-www-form-urlencoded' : undefined;
    return { method, pathBelowBase: pathname, query: searchParams, contentType };
  };
  /** The letters that suffice, each by itself. */
  const lettersFor = (line: string, type: string): string =>
    PERMISSIONS.filter(
      (letter) => decide(tokenOf(`system/${type}.${letter}`), interactionOf(request(line))).allowed,
    ).join('');

  test.each([
    // interaction               request                              letter
    ['create', 'POST /Observation', 'c'],
    ['read', 'GET /Observation/1', 'r'],
    ['read, head only', 'HEAD /Observation/1', 'r'],
    ['vread', 'GET /Observation/1/_history/2', 'r'],
    ['history of an instance', 'GET /Observation/1/_history', 'r'],
    ['update', 'PUT /Observation/1', 'u'],
    ['patch', 'PATCH /Observation/1', 'u'],
    ['delete', 'DELETE /Observation/1', 'd'],
    ['search of a type', 'GET /Observation?status=final', 's'],
    ['search of a type by POST', 'POST /Observation/_search', 's'],
    ['history of a type', 'GET /Observation/_history', 's'],
  ])('[SCO-01] %s: %s needs %s, over the type or over all', (_interaction, line, letter) => {
    expect([lettersFor(line, 'Observation'), lettersFor(line, '*')]).toEqual([letter, letter]);
    expect(lettersFor(line, 'Condition')).toBe('');
  });

  test.each([
    ['search of the system', 'GET /?_type=Observation', 's'],
    ['search of the system by POST', 'POST /_search', 's'],
    ['history of the system', 'GET /_history', 's'],
  ])('[SCO-01] %s: %s needs %s over all types', (_interaction, line, letter) => {
    expect([lettersFor(line, 'Observation'), lettersFor(line, '*')]).toEqual(['', letter]);
  });
});

describe('what the specification leaves to a server', () => {
  const all = { flow: 'user', mayRefresh: true, hasLaunch: false, hasFhirUser: true } as const;
  const offerOf = (requested: string, registered: string): ReturnType<typeof decideOffer> =>
    decideOffer(requested, { ...all, registered });

  test.each([
    // requested            registered                                        granted
    ['patient/*.rs', 'patient/*.cruds', 'patient/*.rs'],
    ['user/*.cruds', 'user/*.rs', 'user/*.rs'],
    ['patient/*.cruds', 'patient/Goal.rs patient/Patient.r', 'patient/Goal.rs patient/Patient.r'],
    ['patient/*.read', 'patient/Goal.rs', 'patient/Goal.read'],
    ['patient/*.rs', 'patient/Observation.rs?status=final user/*.rs', 'patient/Observation.rs?status=final'],
    ['patient/*.rs', 'user/*.cruds', ''],
  ])('[SCO-18] the wildcard %s, registered for "%s", becomes "%s"', (requested, registered, granted) => {
    expect(formatScopeList(offerOf(requested, registered).granted)).toBe(granted);
  });

  test.each([
    // registered                                                      granted
    ['patient/AllergyIntolerance.cruds', 'patient/AllergyIntolerance.cruds'],
    ['patient/AllergyIntolerance.rs patient/AllergyIntolerance.cud', 'patient/AllergyIntolerance.cruds'],
    ['patient/AllergyIntolerance.rs', 'patient/AllergyIntolerance.rs'],
    ['patient/AllergyIntolerance.cud', 'patient/AllergyIntolerance.cud'],
    ['patient/*.rs', 'patient/AllergyIntolerance.rs'],
    ['patient/*.cruds', 'patient/AllergyIntolerance.cruds'],
    ['patient/Observation.rs', ''],
    ['', ''],
  ])(
    '[SCO-14] patient/AllergyIntolerance.cruds, of the answers HL7 lists, for who is registered for "%s": "%s"',
    (registered, granted) => {
      expect(formatScopeList(offerOf('patient/AllergyIntolerance.cruds', registered).granted)).toBe(granted);
    },
  );

  test.each(['dus', 'sr', 'rr', 'rd.', 'update', 'search', 'readwrite', ''])(
    '[AUTHZ-24] patient/Observation.%s is left out with a reason, never sorted, guessed or replaced',
    (suffix) => {
      const { granted, dropped } = offerOf(
        `patient/Observation.${suffix} patient/Patient.r`,
        'patient/*.cruds',
      );
      expect(formatScopeList(granted)).toBe('patient/Patient.r');
      expect(dropped).toEqual([{ scope: `patient/Observation.${suffix}`, reason: 'malformed' }]);
    },
  );

  test.each(['patient/Observation.rs', 'patient/*.read', 'user/Patient.rs patient/Goal.c'])(
    '[AUTHZ-25] "%s" without launch or launch/patient is not refused: a patient is asked for all the same',
    (requested) => {
      const { granted, dropped } = offerOf(requested, 'patient/*.cruds user/*.cruds');
      expect(formatScopeList(granted)).toBe(requested);
      expect(dropped).toEqual([]);
      expect(needsPatient(granted)).toBe(true);
    },
  );

  test('[SCO-30] a list longer than any header may be comes out whole and in order', () => {
    const scopes = Array.from(
      { length: 1000 },
      (_, at) => `patient/Observation.rs?code=http://loinc.org|${at}`,
    );
    const requested = scopes.join(' ');
    expect(requested.length).toBeGreaterThan(32_768);
    expect(formatScopeList(offerOf(requested, 'patient/*.rs').granted)).toBe(requested);
  });
});

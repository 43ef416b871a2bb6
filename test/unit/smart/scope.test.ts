import { describe, expect, test } from '@jest/globals';
import {
  constraintKey,
  formatResourceScope,
  parseScope,
  permissionLetters,
} from '../../../src/smart/index.ts';
import { resourceScope } from './arbitraries.ts';

const LAB = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

/** The letters a scope means, or the code of what is wrong with it. */
function lettersOrProblem(text: string): string {
  const parsed = parseScope(text);
  if (!parsed.ok) return parsed.problem.code;
  return parsed.scope.kind === 'resource' ? permissionLetters(parsed.scope.permissions) : parsed.scope.kind;
}

function constraintsOf(text: string): string[] {
  return resourceScope(text).constraints.map(constraintKey);
}

describe('parseScope', () => {
  test('[SCO-02] of all words of the letters c, r, u, d and s exactly the 31 in that order are permissions', () => {
    const letters = [...'cruds'];
    const words = Array.from({ length: 5 }).reduce<string[]>(
      (all) => [...new Set(all.flatMap((word) => ['', ...letters].map((letter) => word + letter)))],
      [''],
    );
    expect(words).toHaveLength(1 + 5 + 25 + 125 + 625 + 3125);
    const inOrder = (word: string): boolean => /^c?r?u?d?s?$/.test(word) && word !== '';
    const read = words.filter((word) => parseScope(`patient/Observation.${word}`).ok);
    expect(read.toSorted()).toEqual(words.filter(inOrder).toSorted());
    expect(read).toHaveLength(31);
  });

  test.each([
    // requirement scope sent                              what it means
    ['SCO-01', 'patient/Observation.cruds', 'cruds'],
    ['SCO-02', 'patient/Observation.c', 'c'],
    ['SCO-02', 'patient/Observation.cud', 'cud'],
    ['SCO-02', 'patient/Observation.rs', 'rs'],
    ['SCO-03', 'patient/Observation.read', 'rs'],
    ['SCO-03', 'patient/Observation.r', 'r'],
    ['SCO-04', 'patient/Observation.dus', 'permissions'],
    ['SCO-04', 'patient/Observation.sr', 'permissions'],
    ['SCO-04', 'patient/Observation.rr', 'permissions'],
    ['SCO-04', 'patient/Observation.update', 'permissions'],
    ['SCO-04', 'patient/Observation.reads', 'permissions'],
    ['A038', 'patient/Observation.rsx', 'permissions'],
    ['SCO-05', 'patient/Observation.', 'permissions'],
    ['SCO-05', 'patient/Observation', 'malformed'],
    ['SCO-06', 'user/Observation.rs', 'rs'],
    ['SCO-06', 'system/Observation.rs', 'rs'],
    ['SCO-06', 'practitioner/Observation.rs', 'malformed'],
    ['SCO-06', 'patient/Unicorn.rs', 'resource-type'],
    ['SCO-07', 'patient/Observation.write', 'cud'],
    ['SCO-07', 'patient/Observation.*', 'cruds'],
    ['SCO-17', 'patient/*.rs', 'rs'],
    ['SCO-17', 'patient/*.*', 'cruds'],
    ['SCO-25', 'patient/observation.rs', 'resource-type'],
    ['SCO-25', 'Patient/Observation.rs', 'malformed'],
    ['SCO-25', 'patient/Observation.RS', 'malformed'],
    ['A038', 'patient/*.read.write', 'malformed'],
    ['A038', 'patient/Observation.rs patient/Condition.rs', 'malformed'],
    ['A038', 'xpatient/Observation.rs', 'malformed'],
    ['A038', 'patient/Observation.rs#', 'malformed'],
    ['A038', 'patient/Observation.rs"', 'malformed'],
    ['A038', 'patient/Observation.rs\n', 'malformed'],
    ['A038', 'patient/Observation\u0000.rs', 'malformed'],
    ['A038', 'patient/Obsеrvation.rs', 'malformed'], // a Cyrillic е
    ['A038', '', 'malformed'],
    ['SCO-23', 'https://example.org/scopes/billing', 'extension'],
    ['SCO-23', '__billing', 'extension'],
    ['SCO-23', '__', 'malformed'],
    ['SCO-23', 'billing', 'malformed'],
    ['SCO-23', 'https://', 'malformed'],
    ['SCO-22', 'openid', 'identity'],
    ['SCO-22', 'fhirUser', 'identity'],
    ['SCO-22', 'profile', 'identity'],
    ['SCO-25', 'fhiruser', 'malformed'],
    ['SCO-22', 'offline_access', 'refresh'],
    ['SCO-22', 'online_access', 'refresh'],
  ])('[%s] %j → %s', (_requirement, sent, meaning) => {
    expect(lettersOrProblem(sent)).toBe(meaning);
  });

  test('[SCO-04] a refusal names the scope as it was sent', () => {
    expect(parseScope('patient/Observation.dus')).toEqual({
      ok: false,
      problem: { code: 'permissions', scope: 'patient/Observation.dus' },
    });
  });

  test.each([
    // requirement scope sent                       type         role
    ['SCO-20', 'launch', undefined, undefined],
    ['SCO-20', 'launch/patient', 'Patient', undefined],
    ['SCO-20', 'launch/imagingstudy', 'ImagingStudy', undefined],
    ['SCO-21', 'launch/list?role=http://example.org/r', 'List', 'http://example.org/r'],
    ['SCO-21', 'launch/relatedperson?role=friend', 'RelatedPerson', 'friend'],
  ])('[%s] %s asks for %s as %s', (_requirement, sent, resourceType, role) => {
    const parsed = parseScope(sent);
    expect(parsed).toEqual({
      ok: true,
      scope: { kind: 'context', text: sent, ...(resourceType && { resourceType }), ...(role && { role }) },
    });
  });

  test.each([
    ['SCO-20', 'launch/Patient', 'malformed'],
    ['SCO-20', 'launch/', 'malformed'],
    ['SCO-20', 'launch/unicorn', 'resource-type'],
    ['SCO-20', 'launchpatient', 'malformed'],
    ['SCO-21', 'launch/patient?role=', 'malformed'],
    ['SCO-21', 'launch/patient?other=x', 'malformed'],
  ])('[%s] %s → %s', (_requirement, sent, problem) => {
    expect(lettersOrProblem(sent)).toBe(problem);
  });

  test.each([
    // requirement scope sent                                                  constraints
    ['SCO-10', `patient/Observation.rs?category=${LAB}`, [`category=${LAB}`]],
    ['SCO-10', 'patient/Observation.rs?status=final&category=a', ['category=a', 'status=final']],
    ['SCO-10', 'patient/Observation.rs?category=b&category=a', ['category=a', 'category=b']],
    ['SCO-10', 'patient/Observation.rs?category=a&category=a', ['category=a']],
    ['SCO-11', 'patient/Observation.rs?category=a%7Cb', ['category=a|b']],
    ['SCO-11', 'patient/Observation.rs?category=a%26status=b', ['category=a&status=b']],
    ['SCO-11', 'patient/Observation.rs?category=a%257Cb', ['category=a%7Cb']],
    [
      'USC-12',
      'patient/Observation.rs?category=http://terminology.hl7.org//CodeSystem-observation-category|social-history',
      ['category=http://terminology.hl7.org/CodeSystem/observation-category|social-history'],
    ],
  ])('[%s] %s is held to %j', (_requirement, sent, constraints) => {
    expect(constraintsOf(sent)).toEqual(constraints);
  });

  test.each([
    ['SCO-12', 'patient/Observation.rs?code:in=http://example.org/vs'],
    ['SCO-12', 'patient/Observation.rs?patient.birthdate=1970'],
    ['SCO-12', 'patient/Observation.rs?_filter=x'],
    ['SCO-12', 'patient/Observation.rs?category=a&code:in=b'],
    ['SCO-10', 'patient/Observation.rs?'],
    ['SCO-10', 'patient/Observation.rs?category'],
    ['SCO-10', 'patient/Observation.rs?category='],
    ['SCO-10', 'patient/Observation.rs?=a'],
    ['SCO-10', 'patient/Observation.rs?category=a&'],
    ['SCO-10', 'patient/Observation.rs?&category=a'],
    ['SCO-11', 'patient/Observation.rs?category=%zz'],
    ['SCO-11', 'patient/Observation.rs?category=%ff'],
    ['A037', `patient/Observation.rs?${Array.from({ length: 11 }, (_, at) => `status=s${at}`).join('&')}`],
    ['SCO-29', 'patient/Observation.read?category=a'],
    ['SCO-29', 'patient/Observation.*?category=a'],
  ])('[%s] %s is refused, not broadened', (_requirement, sent) => {
    expect(lettersOrProblem(sent)).toBe('constraint');
  });

  test.each([
    ['patient/Observation.read', 'v1'],
    ['patient/Observation.*', 'v1'],
    ['patient/Observation.rs', 'v2'],
  ])('[SCO-08] %s is remembered as %s, word for word', (sent, spelling) => {
    expect(resourceScope(sent)).toMatchObject({ spelling, text: sent });
  });

  test.each([
    ['malformed', 'patient/'.repeat(100_000)],
    ['malformed', `launch/${'a'.repeat(500_000)}?role`],
    ['constraint', `patient/Observation.rs?${'&'.repeat(500_000)}`],
    ['constraint', `patient/Observation.rs?category=${'%'.repeat(500_000)}`],
    ['constraint', `patient/Observation.rs?${'category=a&'.repeat(50_000)}`],
    ['permissions', `patient/Observation.${'r'.repeat(500_000)}`],
    ['malformed', `patient/${'Observation.'.repeat(40_000)}rs`],
    ['resource-type', `patient/${'O'.repeat(500_000)}.rs`],
    ['malformed', 'http://smarthealthit.org/fhir/scopes/'.repeat(13_000)],
    ['malformed', `${'a'.repeat(500_000)}:/`],
    ['malformed', `__${'a'.repeat(500_000)}\n`],
  ])('[A037] half a megabyte of nonsense is %s like a little of it', (problem, text) => {
    expect(lettersOrProblem(text)).toBe(problem);
  });
});

describe('formatResourceScope', () => {
  test.each([
    ['SCO-07', 'patient/Observation.read', 'patient/Observation.read'],
    ['SCO-07', 'patient/Observation.write', 'patient/Observation.write'],
    ['SCO-07', 'patient/Observation.*', 'patient/Observation.*'],
    ['SCO-11', 'patient/Observation.rs?category=a%7Cb', 'patient/Observation.rs?category=a|b'],
    ['SCO-11', 'patient/Observation.rs?category=a%26b', 'patient/Observation.rs?category=a%26b'],
    ['SCO-11', 'patient/Observation.rs?category=a%25b', 'patient/Observation.rs?category=a%25b'],
    ['SCO-11', 'patient/Observation.rs?category=a%20b', 'patient/Observation.rs?category=a%20b'],
    ['SCO-11', 'patient/Observation.rs?category=%22%5C', 'patient/Observation.rs?category=%22%5C'],
  ])('[%s] %s is written %s', (_requirement, sent, written) => {
    expect(formatResourceScope(resourceScope(sent))).toBe(written);
  });

  test.each([
    ['rs', 'patient/Observation.read'],
    ['r', 'patient/Observation.r'],
    ['cru', 'patient/Observation.cru'],
  ])('[SCO-28] in v1 %s is written %s: v1 only where it can say it', (letters, written) => {
    const scope = resourceScope(`patient/Observation.${letters}`);
    expect(formatResourceScope({ ...scope, spelling: 'v1' })).toBe(written);
  });

  test('[SCO-13] a constraint is never written in v1', () => {
    const scope = resourceScope('patient/Observation.rs?status=final');
    expect(formatResourceScope({ ...scope, spelling: 'v1' })).toBe('patient/Observation.rs?status=final');
  });
});

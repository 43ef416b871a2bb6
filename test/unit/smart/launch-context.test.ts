import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFhirId, parseLaunchContext } from '../../../src/smart/index.ts';

/** `ok`, or the name of the member that is wrong. */
function verdict(context: Readonly<Record<string, unknown>>): string {
  const parsed = parseLaunchContext(context);
  return parsed.ok ? 'ok' : parsed.field;
}

describe('parseLaunchContext', () => {
  test.each([
    // requirement context                                          verdict
    ['CTX-01', { patient: '123' }, 'ok'],
    ['CTX-01', { patient: 'Patient/123' }, 'patient'],
    ['CTX-01', { patient: 'https://ehr.example/Patient/123' }, 'patient'],
    ['CTX-01', { patient: '' }, 'patient'],
    ['CTX-01', { patient: 123 }, 'patient'],
    ['CTX-01', { patient: null }, 'patient'],
    ['CTX-01', { patient: ['123'] }, 'patient'],
    ['CTX-01', { patient: '123\n' }, 'patient'],
    ['CTX-02', { encounter: 'e.1-A' }, 'ok'],
    ['CTX-02', { encounter: 'Encounter/1' }, 'encounter'],
    ['CTX-02', { encounter: 'e'.repeat(65) }, 'encounter'],
    ['CTX-04', { need_patient_banner: false }, 'ok'],
    ['CTX-04', { need_patient_banner: 'false' }, 'need_patient_banner'],
    ['CTX-05', { intent: 'reconcile-medications' }, 'ok'],
    ['CTX-05', { intent: '' }, 'intent'],
    ['CTX-05', { intent: 'x'.repeat(1025) }, 'intent'],
    ['CTX-06', { smart_style_url: 'https://ehr.example/style-1.json' }, 'ok'],
    ['CTX-06', { smart_style_url: '/style.json' }, 'smart_style_url'],
    ['CTX-06', { smart_style_url: 'javascript:alert(1)' }, 'smart_style_url'],
    ['CTX-09', { tenant: 'north-hospital' }, 'ok'],
    ['CTX-09', { tenant: 7 }, 'tenant'],
  ])('[%s] %j: %s', (_requirement, context, expected) => {
    expect(verdict(context)).toBe(expected);
  });

  test.each([
    // requirement item                                                          verdict
    ['CTX-11', { reference: 'ImagingStudy/1' }, true],
    ['CTX-11', { canonical: 'http://example.org/Questionnaire/q|1.0', type: 'Questionnaire' }, true],
    ['CTX-11', { identifier: { system: 'urn:x', value: '1' }, type: 'Device' }, true],
    ['CTX-11', {}, false],
    ['CTX-11', { role: 'launch' }, false],
    ['CTX-11', { type: 'Device' }, false],
    ['CTX-11', { reference: 'https://ehr.example/ImagingStudy/1' }, false],
    ['CTX-11', { reference: '1' }, false],
    ['CTX-11', { reference: 1 }, false],
    ['CTX-11', { canonical: '' }, false],
    ['CTX-11', { identifier: 'urn:x|1' }, false],
    ['CTX-11', { identifier: ['urn:x|1'] }, false],
    ['CTX-10', 'ImagingStudy/1', false],
    ['CTX-10', ['ImagingStudy/1'], false],
    ['CTX-10', null, false],
    ['CTX-12', { canonical: 'http://example.org/q', type: 7 }, false],
    ['CTX-13', { reference: 'List/1', role: 'launch' }, true],
    ['CTX-13', { reference: 'List/1', role: 'https://example.org/role' }, true],
    ['CTX-13', { reference: 'List/1', role: 'friend' }, false],
    ['CTX-13', { reference: 'List/1', role: '' }, false],
    ['CTX-14', { reference: 'Patient/1' }, false],
    ['CTX-14', { reference: 'Encounter/1', role: 'launch' }, false],
    ['CTX-14', { reference: 'Patient/1', role: 'https://example.org/mother' }, true],
    ['CTX-14', { identifier: { value: '1' }, type: 'Patient' }, false],
    ['CTX-14', { identifier: { value: '1' }, type: 'Encounter', role: 'launch' }, false],
    ['CTX-14', { identifier: { value: '1' }, type: 'Patient', role: 'https://example.org/mother' }, true],
  ])('[%s] fhirContext [%j]: %s', (_requirement, item, accepted) => {
    expect(verdict({ fhirContext: [item] })).toBe(accepted ? 'ok' : 'fhirContext');
  });

  test('[CTX-15] several items may share a role; more than fifty are refused', () => {
    const item = { reference: 'List/1', role: 'launch' };
    expect(verdict({ fhirContext: [item, item] })).toBe('ok');
    expect(verdict({ fhirContext: Array(51).fill(item) })).toBe('fhirContext');
    expect(verdict({ fhirContext: { 0: item, length: 1 } })).toBe('fhirContext');
  });

  test('[CTX-19] members it does not know are left out of the context, also those every object has', () => {
    const input = JSON.parse(
      '{"patient":"1","client_id":"app","constructor":"x","toString":1,"__proto__":{"encounter":"e"}}',
    ) as Record<string, unknown>;
    const parsed = parseLaunchContext(input);
    expect(parsed.ok && Object.getOwnPropertyNames(parsed.context)).toEqual(['patient']);
  });

  test.each([
    ['__appContext', true],
    ['https://ehr.example/context/ward', true],
    ['__proto__', false],
    ['__', false],
    ['appContext', false],
    ['access_token', false],
    ['urn:ward', false],
  ])('[CTX-19] a member called %s is kept: %s', (name, kept) => {
    const input = JSON.parse(`{"patient":"1","${name}":{"card":"c1"}}`) as Record<string, unknown>;
    const parsed = parseLaunchContext(input);
    expect(parsed.ok && Object.getOwnPropertyNames(parsed.context)).toEqual(
      kept ? ['patient', name] : ['patient'],
    );
  });

  test('[CTX-19] a member of somebody is short', () => {
    expect(parseLaunchContext({ __note: 'x'.repeat(2046) }).ok).toBe(true);
    expect(parseLaunchContext({ __note: 'x'.repeat(2047) })).toEqual({
      ok: false,
      field: '__note',
      expected: '2048 characters of JSON at most',
    });
  });

  test('[CTX-01] a refusal names the member and says what was expected', () => {
    expect(parseLaunchContext({ patient: 'Patient/1' })).toEqual({
      ok: false,
      field: 'patient',
      expected: 'the bare id of a Patient, such as "123"',
    });
  });

  test('[CTX-19] no JSON object makes it throw', () => {
    const names = fc.constantFrom(
      'patient',
      'encounter',
      'fhirContext',
      'intent',
      'tenant',
      'smart_style_url',
      'x',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (context) => {
        const parsed = parseLaunchContext(context);
        if (parsed.ok) expect(parsed.context.patient ?? '1').toMatch(/^[A-Za-z0-9.-]{1,64}$/);
        else expect(context).toHaveProperty(parsed.field);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ['a', true],
  ['A-1.b', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['a/b', false],
  ['a b', false],
  [7, false],
  [undefined, false],
])('[CTX-01] %j is a FHIR id: %s', (text, expected) => {
  expect(isFhirId(text)).toBe(expected);
});

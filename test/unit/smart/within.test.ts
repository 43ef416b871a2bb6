import { describe, expect, test } from '@jest/globals';

import { within } from '../../../src/smart/index.ts';

const GRANTED =
  'openid launch/patient patient/Observation.rs patient/Condition.read user/Condition.rs?code=x __own';

describe('within', () => {
  test.each([
    ['REF-04', 'openid', true],
    ['REF-04', '__own', true],
    ['REF-04', 'patient/Observation.rs', true],
    ['REF-07', 'patient/Observation.r', true],
    ['REF-07', 'patient/Observation.read', true],
    ['REF-07', 'patient/Observation.rs?category=laboratory', true],
    ['REF-07', 'patient/Condition.rs', true],
    ['REF-07', 'user/Condition.r?code=x&category=y', true],
    ['SCO-12', 'user/Condition.r?code=x&onset-date=y', false],
    ['SCO-12', 'patient/Observation.rs?value-quantity=5', false],
    ['REF-06', 'patient/Observation.rsu', false],
    ['REF-06', 'patient/Observation.cruds', false],
    ['REF-06', 'patient/Condition.*', false],
    ['REF-06', 'patient/*.rs', false],
    ['REF-06', 'user/Observation.rs', false],
    ['REF-06', 'user/Condition.rs', false],
    ['REF-06', 'user/Condition.rs?code=z', false],
    ['REF-06', 'fhirUser', false],
    ['REF-06', 'launch', false],
    ['REF-06', '__other', false],
    ['REF-06', 'patient/Observation.sr', false],
  ])('[%s] %s: %s', (_row, asked, expected) => {
    expect(within(GRANTED, [asked])).toEqual(expected ? [asked] : []);
  });

  test('[REF-07] what two of the granted ones allow together, a letter each', () => {
    const granted = 'patient/*.r patient/Observation.s';
    const asked = [
      'patient/Observation.rs',
      'patient/Observation.rs?category=laboratory',
      'patient/Condition.rs',
    ];
    expect(within(granted, asked)).toEqual(asked.slice(0, 2));
  });

  test('[REF-05] nothing asked is nothing, and nothing granted allows nothing', () => {
    expect(within(GRANTED, [])).toEqual([]);
    expect(within('', ['openid', 'patient/Patient.r'])).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { checkLaunch, launchUrl, type LaunchRecord } from '../../../src/launch/index.ts';

const FHIR = 'https://ehr.example/fhir/r4';
const record: LaunchRecord = {
  clientId: 'app',
  fhirBaseUrl: FHIR,
  context: { patient: 'p1' },
  announcedBy: 'ehr',
  expiresAt: 1000,
};

describe('checkLaunch', () => {
  test.each([
    // requirement record                 asking                                            now   problem
    ['LCH-06', record, { clientId: 'app', fhirBaseUrl: FHIR }, 0, undefined],
    ['LCH-06', record, { clientId: 'app', fhirBaseUrl: FHIR }, 999, undefined],
    ['LCH-04', record, { clientId: 'app', fhirBaseUrl: FHIR }, 1000, 'unknown'],
    ['LCH-04', record, { clientId: 'app', fhirBaseUrl: FHIR }, 5000, 'unknown'],
    ['LCH-06', undefined, { clientId: 'app', fhirBaseUrl: FHIR }, 0, 'unknown'],
    ['LCH-04', record, { clientId: 'App', fhirBaseUrl: FHIR }, 0, 'other-client'],
    ['LCH-04', record, { clientId: '', fhirBaseUrl: FHIR }, 0, 'other-client'],
    ['LCH-04', record, { clientId: 'app', fhirBaseUrl: `${FHIR}/` }, 0, 'other-fhir-server'],
    [
      'LCH-04',
      record,
      { clientId: 'app', fhirBaseUrl: 'https://ehr.example/fhir/r5' },
      0,
      'other-fhir-server',
    ],
    ['A045', record, { clientId: 'other', fhirBaseUrl: FHIR }, 1000, 'unknown'],
  ] as const)('[%s] %j asked for by %j at %d: %s', (_requirement, kept, asking, now, problem) => {
    expect(checkLaunch(kept, asking, () => now)).toBe(problem);
  });
});

describe('launchUrl', () => {
  const query = (url: string): [string, string][] => [...new URL(url).searchParams];

  test('[LCH-01] iss and launch are added', () => {
    const url = launchUrl('https://app.example/launch', FHIR, 'abc');
    expect(url).toBe('https://app.example/launch?iss=https%3A%2F%2Fehr.example%2Ffhir%2Fr4&launch=abc');
  });

  test('[LCH-05] the query the URL was registered with is kept', () => {
    const url = launchUrl('https://app.example/launch?tab=a%26b&tab=2&x=', FHIR, 'abc');
    expect(query(url)).toEqual([
      ['tab', 'a&b'],
      ['tab', '2'],
      ['x', ''],
      ['iss', FHIR],
      ['launch', 'abc'],
    ]);
  });

  test('[LCH-05] values that need it are encoded', () => {
    const url = launchUrl('https://app.example/launch', `${FHIR}?a=1&launch=forged#x`, 'a&iss=evil');
    expect(query(url)).toEqual([
      ['iss', `${FHIR}?a=1&launch=forged#x`],
      ['launch', 'a&iss=evil'],
    ]);
  });

  test('[LCH-02] a registered iss or launch does not stand beside ours', () => {
    const url = launchUrl('https://app.example/launch?iss=https://evil.example&launch=0&iss=b', FHIR, 'abc');
    expect(query(url)).toEqual([
      ['iss', FHIR],
      ['launch', 'abc'],
    ]);
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  decideGrant,
  decideOffer,
  describeDropped,
  needsEncounter,
  needsPatient,
  parseScopeList,
  type GrantBounds,
} from '../../../src/smart/index.ts';
import { textOf } from './arbitraries.ts';

const EVERYTHING =
  'openid fhirUser profile launch launch/patient launch/encounter launch/list offline_access online_access ' +
  '__billing patient/*.cruds user/*.cruds system/*.cruds';

const bounds = (more: Partial<GrantBounds> = {}): GrantBounds => ({
  registered: EVERYTHING,
  flow: 'user',
  mayRefresh: true,
  hasLaunch: true,
  hasFhirUser: true,
  ...more,
});

const offerOf = (
  requested: string,
  more: Partial<GrantBounds> = {},
): { granted: string; dropped: string } => {
  const { granted, dropped } = decideOffer(requested, bounds(more));
  return { granted: textOf(granted), dropped: describeDropped(dropped) };
};

describe('decideOffer', () => {
  test.each([
    // requirement requested, bounds                          granted, dropped
    ['SCO-14', 'openid patient/Patient.rs', {}, 'openid patient/Patient.rs', ''],
    ['SCO-22', 'launch/patient offline_access', {}, 'launch/patient offline_access', ''],
    ['SCO-21', 'launch/list?role=friend', {}, 'launch/list?role=friend', ''],
    [
      'CTX-03',
      'launch/patient launch/encounter launch/list patient/List.rs',
      { contextTypes: ['Questionnaire'] },
      'launch/patient launch/encounter patient/List.rs',
      'launch/list (no-context)',
    ],
    ['CTX-03', 'launch/list patient/List.rs', { contextTypes: ['List'] }, 'launch/list patient/List.rs', ''],
    [
      'SCO-04',
      'patient/Patient.dus patient/Patient.rs',
      {},
      'patient/Patient.rs',
      'patient/Patient.dus (malformed)',
    ],
    [
      'CRG-10',
      'patient/Patient.rs patient/Goal.rs',
      { registered: 'patient/Patient.rs' },
      'patient/Patient.rs',
      'patient/Goal.rs (not-registered)',
    ],
    ['CRG-10', 'launch/patient', { registered: 'launch/list' }, '', 'launch/patient (not-registered)'],
    [
      'CRG-10',
      'launch/list?role=friend launch/list',
      { registered: 'launch/list?role=friend' },
      'launch/list?role=friend',
      'launch/list (not-registered)',
    ],
    ['CRG-10', 'offline_access', { registered: 'openid' }, '', 'offline_access (not-registered)'],
    ['SCO-23', '__other', {}, '', '__other (not-registered)'],
    ['SCO-28', 'patient/*.cruds', { registered: 'patient/*.rs' }, 'patient/*.rs', ''],
    ['SCO-28', 'patient/*.*', { registered: 'patient/*.rs' }, 'patient/*.read', ''],
    ['A041', 'user/*.cruds', { userRights: 'user/*.rs' }, 'user/*.rs', ''],
    ['CONS-01', 'user/Goal.rs', { userRights: 'patient/*.cruds' }, '', 'user/Goal.rs (beyond-user-rights)'],
    ['CONS-01', 'patient/Goal.rs', { userRights: '' }, '', 'patient/Goal.rs (beyond-user-rights)'],
    ['A040', 'system/*.rs', {}, '', 'system/*.rs (wrong-level)'],
    [
      'A176',
      'patient/*.rs user/*.rs',
      { flow: 'system' },
      '',
      'patient/*.rs (wrong-level), user/*.rs (wrong-level)',
    ],
    ['A176', 'system/*.rs __billing', { flow: 'system' }, 'system/*.rs __billing', ''],
    ['A171', 'offline_access', { flow: 'system' }, '', 'offline_access (wrong-level)'],
    ['A177', 'system/*.cruds', { flow: 'system', registered: 'system/Goal.rs' }, 'system/Goal.rs', ''],
    ['A048', 'launch', { hasLaunch: false }, '', 'launch (no-launch)'],
    ['SCO-20', 'launch/patient', { hasLaunch: false }, 'launch/patient', ''],
    ['OIDC-08', 'openid fhirUser', { hasFhirUser: false }, 'openid', 'fhirUser (no-fhir-user)'],
    ['OIDC-08', 'fhirUser', {}, '', 'fhirUser (no-openid)'],
    [
      'OIDC-08',
      'openid fhirUser',
      { registered: 'fhirUser' },
      '',
      'openid (not-registered), fhirUser (no-openid)',
    ],
    ['REF-01', 'offline_access', { mayRefresh: false }, '', 'offline_access (no-refresh)'],
    ['SCO-26', 'openid openid', {}, 'openid', ''],
  ] as const)(
    '[%s] "%s" within %j → "%s", without "%s"',
    (_requirement, requested, more, granted, dropped) => {
      expect(offerOf(requested, more)).toEqual({ granted, dropped });
    },
  );
});

describe('decideGrant', () => {
  const offer = parseScopeList('openid fhirUser launch/patient patient/Patient.rs offline_access').scopes;
  const grantOf = (...approved: string[]): string => textOf(decideGrant(offer, new Set(approved)).granted);

  test('[CONS-09] a person may choose some', () => {
    const { granted, dropped } = decideGrant(offer, new Set(['openid', 'patient/Patient.rs']));
    expect(textOf(granted)).toBe('openid patient/Patient.rs');
    expect(describeDropped(dropped)).toBe(
      'fhirUser (not-approved), launch/patient (not-approved), offline_access (not-approved)',
    );
  });

  test('[A069] what was never offered is not granted, however it is spelled', () => {
    expect(
      grantOf('patient/*.cruds', 'patient/Patient.cruds', 'patient/Patient.r', 'system/*.rs', '__proto__'),
    ).toBe('');
    expect(grantOf('patient/Patient.rs', 'user/*.cruds')).toBe('patient/Patient.rs');
  });

  test('[CONS-14] nothing approved grants nothing', () => {
    expect(grantOf()).toBe('');
  });

  test('[OIDC-08] fhirUser falls with openid', () => {
    expect(grantOf('fhirUser', 'launch/patient')).toBe('launch/patient');
    expect(grantOf('fhirUser', 'openid')).toBe('openid fhirUser');
  });
});

describe('offline_access beside online_access', () => {
  const both = parseScopeList('launch/patient online_access offline_access').scopes;
  test.each([
    // ticked                                        granted                          dropped
    ['online_access offline_access', 'offline_access', 'online_access (beside-offline)'],
    ['offline_access', 'offline_access', 'online_access (beside-offline)'],
    ['online_access', 'online_access', 'offline_access (not-approved)'],
    ['', '', 'online_access (not-approved), offline_access (not-approved)'],
  ])('[REF-17] of both, “%s” ticked is “%s”', (ticked, kept, left) => {
    const { granted, dropped } = decideGrant(both, new Set(['launch/patient', ...ticked.split(' ')]));
    expect([textOf(granted), describeDropped(dropped)]).toEqual([`launch/patient ${kept}`.trim(), left]);
  });
});

describe('what must be in context', () => {
  test.each([
    // requirement scopes                          patient  encounter
    ['CONS-03', 'openid patient/Observation.rs', true, false],
    ['CTX-23', 'launch/patient', true, false],
    ['CTX-23', 'launch/encounter', true, true],
    ['CONS-03', 'openid fhirUser launch user/Observation.rs', false, false],
    ['CONS-03', 'system/*.rs', false, false],
    ['CTX-16', 'launch/list', false, false],
  ])('[%s] "%s" needs a patient: %s, an encounter: %s', (_requirement, scopes, patient, encounter) => {
    const read = parseScopeList(scopes).scopes;
    expect([needsPatient(read), needsEncounter(read)]).toEqual([patient, encounter]);
  });
});

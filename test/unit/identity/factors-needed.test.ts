import { describe, expect, test } from '@jest/globals';

import {
  ACR_VALUES,
  acrOf,
  acrToSay,
  amrOf,
  factorsNeeded,
  methodOf,
  methodsSaid,
  stepUp,
  type FactorsAsked,
  type FactorsOwned,
  type Method,
} from '../../../src/identity/index.ts';

const [SFA, MFA, PHR] = ACR_VALUES;
const NOW = 1_800_000_000;
const totp = { secret: 'JBSWY3DP', addedAt: 0, lastStep: 0 };
const passkey = {
  ...{ id: 'k', publicKey: '', counter: 0, transports: [], isSynced: false, name: 'Key', addedAt: 0 },
};
const NONE: FactorsOwned = { passkeys: [], mayMail: false };
const TOTP: FactorsOwned = { passkeys: [], totp, mayMail: false };
const KEY: FactorsOwned = { passkeys: [passkey], mayMail: false };
const ALL: FactorsOwned = { passkeys: [passkey], totp, recoveryCodes: ['x'], mayMail: true };

function said(
  asked: Partial<FactorsAsked>,
  owned: FactorsOwned,
  methods: readonly Method[] | undefined,
  ageSeconds = 0,
): string {
  const full = { rule: 'optional', isRequiredByClient: false, requestedAcr: [], ...asked } as const;
  const needed = factorsNeeded(full, owned, methods && { methods, at: NOW - ageSeconds }, NOW);
  if (needed.need === 'second') return needed.of.join(' ');
  return needed.need === 'nothing' ? `fine: ${needed.acr}` : needed.need;
}

const REQUIRED = { rule: 'required' } as const;
const OFF = { rule: 'off' } as const;
const BY_APP = { rule: 'off', isRequiredByClient: true } as const;

describe('factorsNeeded', () => {
  test.each<[string, Partial<FactorsAsked>, FactorsOwned, readonly Method[] | undefined, string]>([
    // what                                    asked      owned  shown                     said
    ['nobody is there', {}, ALL, undefined, 'first'],
    ['nothing was shown', {}, ALL, [], 'first'],
    ['a password, and nothing else to show', {}, NONE, ['password'], `fine: ${SFA}`],
    ['who has a second factor is asked', {}, TOTP, ['password'], 'totp'],
    ['the best is asked for first', {}, ALL, ['password'], 'passkey totp recovery-code mailed-code'],
    ['both', {}, TOTP, ['password', 'totp'], `fine: ${MFA}`],
    ['a printed code in its place', {}, ALL, ['password', 'recovery-code'], `fine: ${MFA}`],
    ['a passkey alone is enough', {}, KEY, ['passkey'], `fine: ${PHR}`],
    ['nobody is asked where it is off', OFF, ALL, ['password'], `fine: ${SFA}`],
    ['who must have one sets one up', REQUIRED, NONE, ['password'], 'enrol'],
    ['who must, and has', REQUIRED, TOTP, ['password'], 'totp'],
    ['who must, and did', REQUIRED, TOTP, ['password', 'totp'], `fine: ${MFA}`],
    ['an app may insist, also where it is off', BY_APP, TOTP, ['password'], 'totp'],
    ['an app may insist, of who has none', BY_APP, NONE, ['password'], 'enrol'],
    [
      'printed codes alone are something to show',
      REQUIRED,
      { ...NONE, recoveryCodes: ['x'] },
      ['password'],
      'recovery-code',
    ],
    ['a code without a password is one factor', REQUIRED, TOTP, ['totp'], 'totp'],
    ['an app would like several', { ...OFF, requestedAcr: [MFA] }, TOTP, ['password'], 'totp'],
    [
      'an app would like several, who has none goes on',
      { requestedAcr: [MFA] },
      NONE,
      ['password'],
      `fine: ${SFA}`,
    ],
    ['an app would like a passkey', { requestedAcr: [PHR] }, ALL, ['password', 'totp'], 'passkey'],
    [
      'an app would like a passkey, who has none shows another',
      { requestedAcr: [PHR, MFA] },
      TOTP,
      ['password'],
      'totp',
    ],
    [
      'an app would like one factor, and does not get off',
      { ...REQUIRED, requestedAcr: [SFA] },
      TOTP,
      ['password'],
      'totp',
    ],
    [
      'names that nobody knows are no wish',
      { requestedAcr: ['loa4', ''] },
      NONE,
      ['password'],
      `fine: ${SFA}`,
    ],
  ])('%s', (_what, asked, owned, shown, expected) => {
    expect(said(asked, owned, shown)).toBe(expected);
  });

  test.each([
    ['A091', 60, 60, `fine: ${SFA}`],
    ['A091', 60, 61, 'first'],
    ['A091', 0, 1, 'first'],
    ['A091', 0, 0, `fine: ${SFA}`],
  ])('[%s] max_age %i, %i seconds after signing in: %s', (_row, maxAge, ageSeconds, expected) => {
    expect(said({ maxAge }, NONE, ['password'], ageSeconds)).toBe(expected);
  });
});

test.each<[readonly Method[], readonly string[], string]>([
  [['password'], ['pwd'], SFA],
  [['password', 'totp'], ['pwd', 'otp', 'mfa'], MFA],
  [['vouched'], [], SFA],
  [['vouched-several'], ['mfa'], MFA],
  [['password', 'recovery-code'], ['pwd', 'otp', 'mfa'], MFA],
  [['password', 'mailed-code'], ['pwd', 'otp', 'mfa'], MFA],
  [[methodOf({ isSynced: false })], ['hwk', 'user', 'mfa'], PHR],
  [['password', methodOf({ isSynced: true })], ['pwd', 'swk', 'user', 'mfa'], PHR],
])('[rfc8176§2] %j are said as %j, %s', (methods, amr, acr) => {
  expect([amrOf(methods), acrOf(methods)]).toEqual([amr, acr]);
});

test.each<Method[]>([
  ['password'],
  ['password', 'totp'],
  ['vouched'],
  ['vouched', 'totp'],
  ['vouched-several'],
  ['passkey'],
])('%s %s is read again from what was said', (...methods) => {
  expect(methodsSaid(amrOf(methods))).toEqual(methods);
});

test.each([
  [PHR, [], PHR],
  [PHR, [MFA], MFA],
  [PHR, [MFA, PHR], MFA],
  [MFA, [PHR, MFA], MFA],
  [SFA, [PHR], SFA],
] as const)('reached %s, asked for %j: the app reads %s', (reached, requested, acr) => {
  expect(acrToSay(reached, requested)).toBe(acr);
});

describe('a step up', () => {
  const owned: FactorsOwned = { ...NONE, totp };
  test.each<[readonly Method[], string]>([
    [[], 'second'],
    [['password'], 'second'],
    [['vouched'], 'second'],
    [['password', 'vouched-several'], 'second'],
    [['password', 'totp'], 'nothing'],
    [['synced-passkey'], 'nothing'],
  ])('[A199] after %j asks for %s', (shown, need) => {
    expect(stepUp(owned, shown, 100).need).toBe(need);
  });
});

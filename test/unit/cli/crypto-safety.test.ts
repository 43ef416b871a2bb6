import { afterEach, describe, expect, test } from '@jest/globals';

import { enterFips, guardCrypto } from '../../../src/cli/crypto-safety.ts';

/** OpenSSL with or without a FIPS provider, in FIPS mode or not: the mode alone can be turned on without one. */
function openssl({ can, is = false }: { can: boolean; is?: boolean }) {
  let isOn = is;
  return {
    getFips: () => (isOn ? 1 : 0),
    setFips: (wanted: boolean) => void (isOn = wanted),
    hash: (name: string) => {
      if (isOn && (!can || name === 'md5'))
        throw new Error('error:0308010C:digital envelope routines::unsupported');
    },
  };
}

describe('fips', () => {
  test.each([
    ['off', { can: true }, { ok: true, isOn: false }],
    ['off', { can: true, is: true }, { ok: true, isOn: true }],
    ['prefer', { can: true }, { ok: true, isOn: true }],
    [
      'prefer',
      { can: false },
      { ok: true, isOn: false, warning: expect.stringMatching(/^fips is prefer, and/) },
    ],
    ['required', { can: true }, { ok: true, isOn: true }],
    ['required', { can: true, is: true }, { ok: true, isOn: true }],
    [
      'required',
      { can: false },
      { ok: false, code: 'no-fips', description: expect.stringMatching(/OPENSSL_CONF/) },
    ],
  ] as const)('[SEC-6] %s, OpenSSL %j', (wanted, state, mode) => {
    expect(enterFips(wanted, openssl(state))).toEqual(mode);
  });
});

test('[SEC-6] FIPS mode without a provider is left again: nothing would work in it', () => {
  const without = openssl({ can: false });
  enterFips('prefer', without);
  expect(without.getFips()).toBe(0);
});

describe('guardCrypto', () => {
  const log = { warn: () => undefined };
  const before = process.exitCode;
  afterEach(() => {
    process.exitCode = before;
  });

  test('[SEC-6] refuses to start without FIPS mode where it is required, with 78', () => {
    expect(() => guardCrypto({ fips: 'required' }, log, openssl({ can: false }), {})).toThrow(
      /fips is required, and OpenSSL of this Node\.js \(.+\) is not in FIPS mode; configure an OpenSSL FIPS provider/,
    );
    expect(process.exitCode).toBe(78);
  });

  test('[SEC-6] refuses to start where nobody’s certificate would be checked', () => {
    const off = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(() => guardCrypto({ fips: 'off' }, log, openssl({ can: false }), off)).toThrow(/trust anybody/);
    expect(process.exitCode).toBe(78);
  });

  test('[SEC-6] starts otherwise', () => {
    const strict = { NODE_TLS_REJECT_UNAUTHORIZED: '1' };
    guardCrypto({ fips: 'prefer' }, log, openssl({ can: false }), strict);
    expect(process.exitCode).toBe(before);
  });
});

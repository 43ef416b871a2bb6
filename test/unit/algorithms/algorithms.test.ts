import { describe, expect, test } from '@jest/globals';

import { algorithmsFor, tlsRulesFor, TLS_POLICIES } from '../../../src/algorithms/index.ts';
import { hashPassword, verifyPassword } from '../../../src/identity/index.ts';

const UNAPPROVED = /eddsa|ed25519|chacha|x25519|argon2/i;

describe('in FIPS mode', () => {
  test('[SEC-6] nothing of the table is unapproved', () => {
    const { passkeys, mayUseEd25519, ...others } = algorithmsFor(true);
    expect(JSON.stringify(others)).not.toMatch(UNAPPROVED);
    expect([passkeys, mayUseEd25519]).toEqual([[-7, -257], false]);
    for (const policy of TLS_POLICIES) {
      const rules = tlsRulesFor(policy, true);
      expect(JSON.stringify(rules)).not.toMatch(UNAPPROVED);
      expect(rules.ecdhCurve).toBe('P-256:P-384');
    }
    expect(tlsRulesFor('modern', true).minVersion).toBe('TLSv1.3');
  });

  test('[SEC-6] without it all of them are there', () => {
    const { passkeys, password, providers } = algorithmsFor(false);
    expect([passkeys[0], password, providers.includes('EdDSA')]).toEqual([-8, 'argon2id', true]);
    expect(tlsRulesFor('compatible', false).ciphers).toMatch(/CHACHA20/);
    expect(tlsRulesFor('fips', false)).toEqual(tlsRulesFor('compatible', true));
  });

  test('[SEC-6] whatever the policy, every suite has forward secrecy and authenticated encryption', () => {
    for (const policy of TLS_POLICIES)
      for (const suite of tlsRulesFor(policy, false).ciphers.split(':'))
        expect(suite).toMatch(/^(TLS_|ECDHE-)\S*(GCM|POLY1305)/);
  });
});

describe('a password that is set in FIPS mode', () => {
  const PASSWORD = 'correct horse battery';

  test('[SEC-6] is kept by PBKDF2 with HMAC-SHA-256, 600 000 rounds, and opens in either mode', async () => {
    const hash = await hashPassword(PASSWORD, 'pbkdf2-sha256');
    expect(hash).toMatch(/^\$pbkdf2-sha256\$i=600000\$[\w+/]{22}\$[\w+/]{43}$/);
    for (const mode of ['pbkdf2-sha256', 'argon2id'] as const) {
      expect(await verifyPassword(hash, PASSWORD, mode)).toBe(true);
      expect(await verifyPassword(hash, `${PASSWORD}!`, mode)).toBe(false);
      expect(await verifyPassword(hash, 'short', mode)).toBe(false);
    }
  });

  test('[SEC-6] no argon2id hash opens in FIPS mode, and nobody is let in without a hash', async () => {
    const hash = await hashPassword(PASSWORD, 'argon2id');
    expect(await verifyPassword(hash, PASSWORD, 'argon2id')).toBe(true);
    expect(await verifyPassword(hash, PASSWORD, 'pbkdf2-sha256')).toBe(false);
    expect(await verifyPassword(undefined, PASSWORD, 'pbkdf2-sha256')).toBe(false);
  });
});

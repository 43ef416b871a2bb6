import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  MAX_PASSWORD_LENGTH,
  createAccount,
  hashPassword,
  signIn,
  verifyPassword,
  type Account,
} from '../../../src/identity/index.ts';

describe('passwords', () => {
  test('[SEC-11] what is kept is an argon2id hash with a salt of its own', async () => {
    const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
    expect(await Promise.all([one, other].map((hash) => verifyPassword(hash, 'correct horse')))).toEqual([
      true,
      true,
    ]);
  });

  test.each([
    // row    password                 other
    ['A079', 'x'.repeat(128), 'x'.repeat(127)],
    ['A079', '  leading and trailing  ', 'leading and trailing'],
    ['A079', 'Case', 'case'],
    ['A079', 'null\u0000byte', 'null'],
    ['A079', 'pässwörd 🔑', 'passwörd 🔑'],
  ])('[%s] %j counts to the last character: %j is another one', async (_row, password, other) => {
    const hash = await hashPassword(password);
    expect([await verifyPassword(hash, password), await verifyPassword(hash, other)]).toEqual([true, false]);
  });

  test('[A079] more than 128 characters are no, whatever was hashed', async () => {
    const long = 'x'.repeat(MAX_PASSWORD_LENGTH + 1);
    expect(await verifyPassword(await hashPassword(long), long)).toBe(false);
    expect(await verifyPassword(undefined, 'x'.repeat(1_000_000))).toBe(false);
  });

  test('[A075] without a hash the answer is no, for the empty password too', async () => {
    expect(await verifyPassword(undefined, 'anything')).toBe(false);
    expect(await verifyPassword(undefined, '')).toBe(false);
  });
});

describe('signIn', () => {
  let ada: Account;
  beforeAll(async () => {
    ada = await createAccount(
      { username: 'ada', name: 'Ada', role: 'patient', fhirUser: 'Patient/p1' },
      'lovelace',
    );
  });
  const accounts = (
    account: Account | undefined,
  ): { findByUsername: () => Promise<Account | undefined> } => ({
    findByUsername: async () => account,
  });

  test('[CONS-02] a new account has an id without meaning and no password in it', () => {
    expect(ada.accountId).toMatch(/^u-[A-Za-z0-9_-]{16}$/);
    expect(ada.disabled).toBe(false);
    expect(JSON.stringify(ada)).not.toContain('lovelace');
  });

  test('[CONS-02] the right password signs in', async () => {
    expect(await signIn(accounts(ada), 'ada', 'lovelace')).toEqual({ ok: true, account: ada });
  });

  test('[A075] a wrong password and an unknown user get the same answer', async () => {
    const wrong = await signIn(accounts(ada), 'ada', 'Lovelace');
    const unknown = await signIn(accounts(undefined), 'nobody', 'lovelace');
    expect(wrong).toEqual({ ok: false, reason: 'wrong-credentials' });
    expect(unknown).toEqual(wrong);
  });

  test('[A092] a disabled account is told so only to who knows the password', async () => {
    const disabled = accounts({ ...ada, disabled: true });
    expect(await signIn(disabled, 'ada', 'lovelace')).toEqual({ ok: false, reason: 'disabled' });
    expect(await signIn(disabled, 'ada', 'wrong')).toEqual({ ok: false, reason: 'wrong-credentials' });
  });

  test('[A078] an account that breaks the rules is not made', async () => {
    const noPatient = { username: 'bob', name: 'Bob', role: 'patient' as const };
    await expect(createAccount(noPatient, 'builder')).rejects.toThrow('a patient needs a fhirUser');
  });
});

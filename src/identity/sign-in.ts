import { randomBytes } from 'node:crypto';

import { newAccount, type Account, type AccountStore, type NewAccount } from './account.ts';
import { MAX_PASSWORD_LENGTH, hashPassword, verifyPassword } from './password.ts';

export type SignInResult =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: 'wrong-credentials' | 'disabled' };

/** Checks a user name and password. The person is told the same whatever was wrong; the audit log is not. */
export async function signIn(
  accounts: Pick<AccountStore, 'findByUsername'>,
  username: string,
  password: string,
): Promise<SignInResult> {
  const account = await accounts.findByUsername(username);
  if (!(await verifyPassword(account?.passwordHash, password)) || !account) {
    return { ok: false, reason: 'wrong-credentials' };
  }
  return account.disabled ? { ok: false, reason: 'disabled' } : { ok: true, account };
}

/** Makes an account with a fresh random id, and no meaning in it. */
export async function createAccount(
  input: NewAccount,
  password: string,
): Promise<Account & { readonly passwordHash: string }> {
  if (password.length > MAX_PASSWORD_LENGTH)
    throw new RangeError(`a password has at most ${MAX_PASSWORD_LENGTH} characters`);
  return {
    ...newAccount.parse(input),
    accountId: `u-${randomBytes(12).toString('base64url')}`,
    passwordHash: await hashPassword(password),
    disabled: false,
  };
}

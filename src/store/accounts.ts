import { canonicalUsername, type Account, type AccountStore } from '../identity/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Keeps accounts under a random id, found by a keyed hash of the user name. */
export function createAccountStore(vault: Vault): AccountStore {
  const { driver, keys } = vault;
  const loginKey = (username: string): string => key.login(keys.keyedHash('login', canonicalUsername(username)));
  const find = (id: AccountId): Promise<Account | undefined> => vault.read<Account>(key.account(id));
  return {
    find,
    async add(account) {
      if (!(await vault.writeIfAbsent(loginKey(account.username), { accountId: account.accountId }))) return false;
      await vault.write(key.account(account.accountId), account);
      await driver.addMember(key.allAccounts, account.accountId);
      return true;
    },
    async findByUsername(username) {
      const login = await vault.read<{ accountId: AccountId }>(loginKey(username));
      return login && find(login.accountId);
    },
    async list() {
      const accounts = await Promise.all((await driver.members(key.allAccounts)).map(find));
      return accounts.filter((account) => account !== undefined);
    },
    save: (account) => vault.write(key.account(account.accountId), account),
  };
}

import { canonicalUsername, type Account, type AccountStore } from '../identity/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { createChanges } from './change.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Keeps accounts under a random id, found by a keyed hash of the user name. */
export function createAccountStore(vault: Vault): AccountStore {
  const { driver, keys } = vault;
  const changes = createChanges(vault);
  const loginKey = (username: string): string =>
    key.login(keys.keyedHash('login', canonicalUsername(username)));
  const find = (id: AccountId): Promise<Account | undefined> => vault.read<Account>(key.account(id));
  return {
    find,
    async add(account) {
      const { accountId, username } = account;
      // The account first: a name that is taken always leads to somebody, whenever the process ends.
      await vault.write(key.account(accountId), account);
      if (!(await vault.writeIfAbsent(loginKey(username), { accountId }))) {
        await driver.remove([key.account(accountId)]);
        return false;
      }
      await driver.addMember(key.allAccounts, accountId);
      await driver.assure(key.account(accountId));
      return true;
    },
    async findByUsername(username) {
      const login = await vault.read<{ accountId: AccountId }>(loginKey(username));
      return login && find(login.accountId);
    },
    async list() {
      const accounts = await inBatches(await driver.members(key.allAccounts), find);
      return accounts.filter((account) => account !== undefined);
    },
    async save(account) {
      const name = key.account(account.accountId);
      await vault.write(name, account);
      await driver.assure(name);
    },
    change: (id, edit) =>
      changes<Account, Account | undefined>(key.account(id), (account) => {
        const changed = account && edit(account);
        return { result: changed, ...(changed ? { next: { record: changed } } : {}) };
      }),
  };
}

import type { AccountId, EpochSeconds } from '../oauth/index.ts';
import type { AccountLinks, SignInAttempt, SignInAttempts, UpstreamSessions } from '../upstream/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Sign-ins that are under way at another provider, under a keyed hash of their `state`. */
export function createSignInAttempts(vault: Vault): SignInAttempts {
  const at = (state: string): string => key.other('sign-in', vault.keys.keyedHash('sign-in', state));
  return {
    put: (state, attempt, ttlSeconds) => vault.write(at(state), attempt, ttlSeconds),
    peek: (state) => vault.read<SignInAttempt>(at(state)),
    take: (state) => vault.take<SignInAttempt>(at(state)),
  };
}

/** Which account belongs to whom at a provider. A pair written as JSON cannot be mistaken for another pair. */
export function createAccountLinks(vault: Vault): AccountLinks {
  const at = (provider: string, sub: string): string =>
    key.link(vault.keys.keyedHash('link', JSON.stringify([provider, sub])));
  return {
    find: async (provider, sub) => (await vault.read<{ accountId: AccountId }>(at(provider, sub)))?.accountId,
    async add(provider, sub, accountId) {
      const isFirst = await vault.writeIfAbsent(at(provider, sub), { accountId });
      await vault.driver.assure(at(provider, sub));
      return isFirst;
    },
    remove: (provider, sub) => vault.driver.remove([at(provider, sub)]),
  };
}

/** Our sessions by the one elsewhere that they hang on: by its name, and by whose it is. */
export function createUpstreamSessions({ driver, keys }: Vault): UpstreamSessions {
  const at = (provider: string, by: 'sid' | 'sub', value: string): string =>
    key.upstreamSessions(keys.keyedHash('upstream-session', JSON.stringify([provider, by, value])));
  return {
    async note({ provider, sub, sid }, uid, expiresAt: EpochSeconds) {
      const names = [at(provider, 'sub', sub), ...(sid === undefined ? [] : [at(provider, 'sid', sid)])];
      await Promise.all(names.map((name) => driver.addMember(name, uid, expiresAt)));
    },
    async of({ provider, sub, sid }) {
      if (sid !== undefined) return driver.members(at(provider, 'sid', sid));
      return sub === undefined ? [] : driver.members(at(provider, 'sub', sub));
    },
  };
}

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

/** Longer than the way from another provider to a session here may take. */
export const UPSTREAM_END_SECONDS = 7200;

/** Our sessions by the one elsewhere that they hang on: by its name, and by whose it is. */
export function createUpstreamSessions(vault: Vault): UpstreamSessions {
  const { driver, keys } = vault;
  const hash = (provider: string, by: 'sid' | 'sub', value: string): string =>
    keys.keyedHash('upstream-session', JSON.stringify([provider, by, value]));
  const at = (...name: Parameters<typeof hash>): string => key.upstreamSessions(hash(...name));
  const endOf = async (...name: Parameters<typeof hash>): Promise<number | undefined> =>
    (await vault.read<{ atMs: number }>(key.upstreamEnded(hash(...name))))?.atMs;
  return {
    async noteEnd({ provider, sub, sid }, atMs) {
      const name = sid === undefined ? hash(provider, 'sub', sub ?? '') : hash(provider, 'sid', sid);
      await vault.write(key.upstreamEnded(name), { atMs }, UPSTREAM_END_SECONDS);
    },
    async hasEnded({ provider, sub, sid, since, cameMs = since * 1000 }) {
      const [ofPerson, ofSession] = await Promise.all([
        endOf(provider, 'sub', sub),
        sid === undefined ? undefined : endOf(provider, 'sid', sid),
      ]);
      // A person comes back and begins another one there; what had a name of its own does not.
      return ofSession !== undefined || (ofPerson !== undefined && ofPerson >= cameMs);
    },
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

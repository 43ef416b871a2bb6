import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Keeps authorization requests that came by POST, for the minute it takes a browser to come back for them. */
export function createPostedRequestStore(vault: Vault) {
  const at = (reference: string): string =>
    key.other('posted-request', vault.keys.keyedHash('posted-request', reference));
  return {
    put: (reference: string, query: string, ttlSeconds: number): Promise<void> =>
      vault.write(at(reference), { query }, ttlSeconds),
    take: async (reference: string): Promise<string | undefined> =>
      (await vault.take<{ query: string }>(at(reference)))?.query,
  };
}

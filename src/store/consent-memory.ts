import type { ConsentMemory, RememberedDecision } from '../consent/index.ts';
import { key } from './keys.ts';
import { SealBroken } from './sealing.ts';
import type { Vault } from './vault.ts';

/** An app that does not come back for so long asks anew. */
export const MEMORY_SECONDS = 400 * 24 * 3600;

/** What people decided about apps: not to be asked twice, or where the boxes begin when they are; one value for each person and app. */
export function createConsentMemory(vault: Vault): ConsentMemory {
  const at = (accountId: string, clientId: string): string =>
    key.agreed(accountId, vault.keys.keyedHash('agreed', clientId));
  const of: ConsentMemory['of'] = async (accountId, clientId) =>
    (await vault.read<readonly RememberedDecision[]>(at(accountId, clientId))) ?? [];
  return {
    of,
    ifReadable: (accountId, clientId) =>
      of(accountId, clientId).catch((error: unknown) => {
        if (error instanceof SealBroken) return undefined;
        throw error;
      }),
    save: (accountId, clientId, decisions) => vault.write(at(accountId, clientId), decisions, MEMORY_SECONDS),
  };
}

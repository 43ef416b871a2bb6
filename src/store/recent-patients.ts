import type { AccountId } from '../oauth/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Who has not been chosen for so long is searched for again. */
export const RECENT_SECONDS = 30 * 24 * 3600;
const MOST = 5;

/** Whom a clinician chose lately on a FHIR server, the latest first: ids alone, and no more than five. */
export function createRecentPatients(vault: Vault) {
  const at = (accountId: AccountId, fhirBaseUrl: string): string =>
    key.recent(accountId, vault.keys.keyedHash('recent', fhirBaseUrl));
  const of = async (accountId: AccountId, fhirBaseUrl: string): Promise<readonly string[]> =>
    (await vault.read<readonly string[]>(at(accountId, fhirBaseUrl))) ?? [];
  return {
    of,
    async note(accountId: AccountId, fhirBaseUrl: string, id: string): Promise<void> {
      const before = (await of(accountId, fhirBaseUrl)).filter((one) => one !== id);
      await vault.write(at(accountId, fhirBaseUrl), [id, ...before].slice(0, MOST), RECENT_SECONDS);
    },
  };
}

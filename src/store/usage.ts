import type { GrantId } from '../oauth/index.ts';
import { addUses, type UsageRecord, type UsageReport, type UsageStore, type Use } from '../usage/index.ts';
import { inBatches } from './batches.ts';
import { hasEnded, type Trust } from './guard.ts';
import { key } from './keys.ts';
import { grantOfRef } from './token-text.ts';
import type { Vault } from './vault.ts';

const NOTHING: UsageRecord = { entries: [], other: 0 };
/** Of several nodes that note something of one grant at once all but one begin again. */
const ATTEMPTS = 24;

interface StoredGrant {
  readonly clientId?: string;
  readonly accountId?: string;
  readonly exp?: number;
  readonly smart?: { readonly fhirBaseUrl?: string; readonly madeAt?: number };
}

/**
 * Keeps what was done with a grant beside it, at least as long as the grant can live; one that has ended takes nothing more.
 *
 * @param deadTtlSeconds how long a tombstone is kept
 */
export function createUsageStore(vault: Vault, trust: Trust, deadTtlSeconds: number): UsageStore {
  const { driver, keys } = vault;
  /** `false`: no such grant lives, or it is none of theirs. */
  const noteOne = async (
    grantId: GrantId,
    uses: readonly Use[],
    { by, fhirBaseUrls }: UsageReport,
  ): Promise<boolean> => {
    const names = [key.grant(grantId), key.dead(grantId), key.usage(grantId)] as const;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const [sealed, dead, before] = await driver.getMany(names);
      const grant = sealed && dead === undefined ? vault.open<StoredGrant>(names[0], sealed) : undefined;
      const now = Math.floor(Date.now() / 1000);
      const left = (grant?.exp ?? 0) - now;
      if (!grant || left <= 0 || hasEnded(grant, trust)) return false;
      if (fhirBaseUrls && !fhirBaseUrls.includes(grant.smart?.fhirBaseUrl ?? '')) return false;
      const record = addUses(before ? vault.open(names[2], before) : NOTHING, uses, by, now);
      const outcome = await driver.commit({
        ...{ mode: 'issue', deadKey: names[1], deadTtlSeconds, consume: [], removes: [], stays: true },
        expect: [{ key: names[2], value: before }],
        // A refresh prolongs the grant, and nobody prolongs this.
        puts: [vault.sealed(names[2], record, deadTtlSeconds)],
      });
      if (outcome === 'committed') return true;
      if (outcome === 'revoked') return false;
    }
    return false;
  };
  return {
    async note(report) {
      const ofGrant = Map.groupBy(report.uses, ({ grantRef }) => grantRef);
      const lines = await inBatches([...ofGrant], async ([ref, uses]) => {
        const grantId = grantOfRef(keys, ref);
        return grantId !== undefined && (await noteOne(grantId, uses, report)) ? uses.length : 0;
      });
      const noted = lines.reduce((sum, count) => sum + count, 0);
      return { noted, ignored: report.uses.length - noted };
    },
    of: async (grantId) => (await vault.read<UsageRecord>(key.usage(grantId))) ?? NOTHING,
  };
}

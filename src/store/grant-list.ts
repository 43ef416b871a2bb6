import type { AccountId, ClientId, EpochSeconds, GrantId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** A living grant, as an operator reads it. */
export interface GrantSummary {
  readonly grantId: GrantId;
  readonly clientId: ClientId;
  readonly accountId: AccountId;
  readonly scope: string;
  readonly patient?: string;
  readonly expiresAt: EpochSeconds;
}

interface StoredGrant {
  readonly clientId?: string;
  readonly accountId?: string;
  readonly exp?: number;
  readonly smart?: { readonly scope?: string; readonly context?: { readonly patient?: string } };
}

/** Lists what lives of a client's or an account's grants; the index is a hint, the grants themselves decide. */
export function createGrantList(vault: Vault) {
  const read = async (grantId: GrantId): Promise<GrantSummary | undefined> => {
    const [grant, dead] = await vault.driver.getMany([key.grant(grantId), key.dead(grantId)]);
    if (grant === undefined || dead !== undefined) return undefined;
    const {
      clientId = '',
      accountId = '',
      exp = 0,
      smart,
    } = vault.open<StoredGrant>(key.grant(grantId), grant);
    const patient = smart?.context?.patient;
    const summary = { grantId, clientId, accountId, scope: smart?.scope ?? '', expiresAt: exp };
    return { ...summary, ...(patient === undefined ? {} : { patient }) };
  };
  return async (
    owner: { clientId: ClientId } | { accountId: AccountId },
  ): Promise<readonly GrantSummary[]> => {
    const index = 'clientId' in owner ? key.clientGrants(owner.clientId) : key.accountGrants(owner.accountId);
    const grants = await inBatches(await vault.driver.members(index), read);
    return grants.filter((grant) => grant !== undefined);
  };
}

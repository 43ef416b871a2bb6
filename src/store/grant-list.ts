import type { AccountId, ClientId, EpochSeconds, GrantId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { key } from './keys.ts';
import { grantRefOf } from './token-text.ts';
import type { Vault } from './vault.ts';

/** A living grant, as an operator reads it. */
export interface GrantSummary {
  readonly grantId: GrantId;
  readonly clientId: ClientId;
  readonly accountId: AccountId;
  readonly scope: string;
  readonly patient?: string;
  readonly fhirBaseUrl: string;
  readonly allowedAt: EpochSeconds;
  /** When a token was last made from it: each refresh gives it its whole lifetime again. */
  readonly renewedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  /** When it ends however often the app comes back. */
  readonly endsAt?: EpochSeconds;
  /** What others know it by: it ends nothing. */
  readonly ref: string;
}

interface StoredGrant {
  readonly iat?: number;
  readonly clientId?: string;
  readonly accountId?: string;
  readonly exp?: number;
  readonly smart?: {
    readonly scope?: string;
    readonly fhirBaseUrl?: string;
    readonly lifetimeSeconds?: number;
    readonly madeAt?: number;
    readonly endsAt?: number;
    readonly context?: { readonly patient?: string };
  };
}

/** Lists what lives of a client's or an account's grants; the index is a hint, the grants themselves decide. */
export function createGrantList(vault: Vault) {
  const read = async (grantId: GrantId): Promise<GrantSummary | undefined> => {
    const [grant, dead] = await vault.driver.getMany([key.grant(grantId), key.dead(grantId)]);
    if (grant === undefined || dead !== undefined) return undefined;
    const stored = vault.open<StoredGrant>(key.grant(grantId), grant);
    const { clientId = '', accountId = '', iat = 0, exp = 0, smart = {} } = stored;
    const { scope = '', fhirBaseUrl = '', lifetimeSeconds = 0, madeAt, endsAt, context } = smart;
    const allowedAt = madeAt === undefined ? iat : Math.floor(madeAt / 1000);
    return {
      ...{ grantId, clientId, accountId, scope, fhirBaseUrl, allowedAt },
      ...(context?.patient === undefined ? {} : { patient: context.patient }),
      ...(endsAt === undefined ? {} : { endsAt }),
      renewedAt: Math.max(allowedAt, exp - lifetimeSeconds),
      expiresAt: exp,
      ref: grantRefOf(vault.keys, grantId),
    };
  };
  return async (
    owner: { clientId: ClientId } | { accountId: AccountId },
  ): Promise<readonly GrantSummary[]> => {
    const index = 'clientId' in owner ? key.clientGrants(owner.clientId) : key.accountGrants(owner.accountId);
    const grants = await inBatches(await vault.driver.members(index), read);
    return grants.filter((grant) => grant !== undefined);
  };
}

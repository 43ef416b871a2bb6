import type { GrantSummary } from '../consent/index.ts';
import type { AccountId, ClientId, GrantId } from '../oauth/index.ts';
import { inBatches } from './batches.ts';
import { patientIndex } from './grants.ts';
import { key } from './keys.ts';
import { grantRefOf } from './token-text.ts';
import type { Vault } from './vault.ts';

/** A grant as it lies in the store. */
export interface StoredGrant {
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
    readonly reference?: string;
    readonly sessionUid?: string;
    readonly actsAs?: string;
    readonly context?: { readonly patient?: string };
  };
}

/** @param stored the grant as it lies in the store, or as a request has it in hand */
export function summaryOf(vault: Vault, grantId: GrantId, stored: StoredGrant): GrantSummary {
  const { clientId = '', accountId = '', iat = 0, exp = 0, smart = {} } = stored;
  const {
    scope = '',
    fhirBaseUrl = '',
    lifetimeSeconds = 0,
    madeAt,
    endsAt,
    context,
    sessionUid,
    actsAs,
  } = smart;
  const ref = grantRefOf(vault.keys, grantId);
  const allowedAt = madeAt === undefined ? iat : Math.floor(madeAt / 1000);
  return {
    ...{ grantId, clientId, accountId, scope, fhirBaseUrl, allowedAt },
    ...(context?.patient === undefined ? {} : { patient: context.patient }),
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(sessionUid === undefined ? {} : { sessionUid }),
    ...(actsAs === undefined ? {} : { actsAs }),
    renewedAt: Math.max(allowedAt, exp - lifetimeSeconds),
    expiresAt: exp,
    ref,
    reference: smart.reference ?? ref,
  };
}

/**
 * Ends a grant and tells of it. It is read by the way: the end waits for nothing, and where it cannot be read there is
 * nothing to tell.
 */
export async function telling(
  vault: Vault,
  grantId: GrantId,
  tell: ((grant: GrantSummary) => void) | undefined,
  end: () => Promise<unknown>,
): Promise<void> {
  const name = key.grant(grantId);
  const found = tell && vault.driver.getMany([name]).catch(() => []);
  await end();
  const told = found?.then(([stored]) => {
    if (stored) tell?.(summaryOf(vault, grantId, vault.open<StoredGrant>(name, stored)));
  });
  void told?.catch(() => undefined);
}

/** Where else a grant is listed that somebody allowed for a patient: they see it, too. */
export function indexOfPatient(keys: Vault['keys'], smart: StoredGrant['smart'] = {}): string | undefined {
  const { actsAs, fhirBaseUrl, context: { patient } = {} } = smart;
  if (actsAs === undefined || fhirBaseUrl === undefined || patient === undefined) return undefined;
  return patientIndex(keys, fhirBaseUrl, patient);
}

/** Whose grants are listed: those of a client or an account, or those that others allowed for a patient. */
export type GrantOwner =
  | { readonly clientId: ClientId }
  | { readonly accountId: AccountId }
  | { readonly fhirBaseUrl: string; readonly patient: string };

/** Lists what lives of somebody's grants; the index is a hint, the grants themselves decide. */
export function createGrantList(vault: Vault) {
  const read = async (grantId: GrantId): Promise<GrantSummary | undefined> => {
    const [grant, dead] = await vault.driver.getMany([key.grant(grantId), key.dead(grantId)]);
    if (grant === undefined || dead !== undefined) return undefined;
    return summaryOf(vault, grantId, vault.open<StoredGrant>(key.grant(grantId), grant));
  };
  const indexOf = (owner: GrantOwner): string => {
    if ('patient' in owner) return patientIndex(vault.keys, owner.fhirBaseUrl, owner.patient);
    return 'clientId' in owner ? key.clientGrants(owner.clientId) : key.accountGrants(owner.accountId);
  };
  return async (owner: GrantOwner): Promise<readonly GrantSummary[]> => {
    const grants = await inBatches(await vault.driver.members(indexOf(owner)), read);
    return grants.filter((grant) => grant !== undefined);
  };
}

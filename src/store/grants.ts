import type { AccountId, ClientId, EpochSeconds, GrantId } from '../oauth/index.ts';
import { createBarred, type Owner } from './barred.ts';
import { inBatches } from './batches.ts';
import type { StoreDriver } from './driver.ts';
import { ending } from './ending.ts';
import { key } from './keys.ts';
import type { StoreKeys } from './sealing.ts';

/** What ends grants from outside a token request. */
export interface GrantIndex {
  /**
   * Written before the grant itself, so that whoever ends a user's grants cannot miss one.
   *
   * @param about the index of the patient for whom somebody else allowed it: see {@link patientIndex}
   */
  note(
    grantId: GrantId,
    owner: { clientId: ClientId; accountId: AccountId },
    expiresAt: EpochSeconds,
    about?: string,
  ): Promise<void>;
  /** A tombstone: from now on nothing of the grant lives, and nothing more can be issued from it. */
  revoke(grantId: GrantId): Promise<void>;
  /**
   * Ends every grant that a client or an account has at this moment; returns how many the index knew. One it did not
   * know ends as well: every node hears within a second from when on the owner's grants count.
   */
  revokeAllOf(owner: Owner): Promise<number>;
  /** The first half of that: what they have ends, on every node within a second, whatever becomes of the process that asked. */
  bar(owner: Owner): Promise<void>;
}

/** Where it is listed what others allowed for a patient of a FHIR server. */
export function patientIndex(
  keys: Pick<StoreKeys, 'keyedHash'>,
  fhirBaseUrl: string,
  patient: string,
): string {
  return key.patientGrants(keys.keyedHash('patient', JSON.stringify([fhirBaseUrl, patient])));
}

/** @param deadTtlSeconds how long tombstones are kept: at least as long as a grant can live. */
export function createGrantIndex(driver: StoreDriver, deadTtlSeconds: number): GrantIndex {
  const revoke = async (grantId: GrantId): Promise<void> => {
    await driver.commit(ending(grantId, deadTtlSeconds));
  };
  const bar = (owner: Owner): Promise<void> =>
    createBarred(driver).bar(owner, Math.ceil(Date.now() / 1000) + deadTtlSeconds);
  return {
    revoke,
    bar,
    async note(grantId, { clientId, accountId }, expiresAt, about) {
      await Promise.all([
        driver.addMember(key.clientGrants(clientId), grantId, expiresAt),
        driver.addMember(key.accountGrants(accountId), grantId, expiresAt),
        ...(about === undefined ? [] : [driver.addMember(about, grantId, expiresAt)]),
      ]);
    },
    async revokeAllOf(owner) {
      // A store that is out of memory takes no names, and tombstones still.
      const [barring] = await Promise.allSettled([bar(owner)]);
      const index =
        'clientId' in owner ? key.clientGrants(owner.clientId) : key.accountGrants(owner.accountId);
      const grants = await driver.members(index);
      await inBatches(grants, revoke);
      if (barring.status === 'rejected') throw barring.reason;
      return grants.length;
    },
  };
}

import type { AccountId, EpochSeconds } from '../oauth/index.ts';
import type { Decision } from './decision.ts';
import { expiryOf, isOver } from './ended.ts';
import type { KeptRecord } from './resources.ts';

/** So long another node is left at it before it is taken to have ended. */
const CLAIM_SECONDS = 60;

/** Access that may have run out at a time. */
export interface DueAccess {
  readonly accountId: AccountId;
  readonly reference: string;
  readonly at: EpochSeconds;
}

/** What is to be looked after and when, outlasting every process; `archive/` implements it. */
export interface DueList {
  put(due: DueAccess): Promise<void>;
  /** Everything whose time has come. */
  until(now: EpochSeconds): Promise<readonly DueAccess[]>;
  done(due: DueAccess): Promise<void>;
}

export interface ExpiryParts {
  readonly due: DueList;
  readonly latestWith: (accountId: AccountId, reference: string) => Promise<KeptRecord | undefined>;
  /** When the grant of this reference ends as things stand; `undefined`: it lives no more. */
  readonly livesUntil: (accountId: AccountId, reference: string) => Promise<EpochSeconds | undefined>;
  /** `true` to exactly one caller, of all nodes, for this name within so many seconds. */
  readonly first: (name: string, seconds: number) => Promise<boolean>;
  readonly keep: (decision: Decision) => Promise<void>;
  readonly now: () => EpochSeconds;
}

/**
 * Writes down that access ran out, once, on one of all nodes: a grant that ends by time just is not there any more. One that
 * lives on, because it was used, is looked after when it would end now.
 *
 * @returns looks, and says for how much access it was written down
 */
export function createExpiry(parts: ExpiryParts): () => Promise<number> {
  return async () => {
    let expired = 0;
    for (const one of await parts.due.until(parts.now())) if (await lookAfter(one, parts)) expired += 1;
    return expired;
  };
}

async function lookAfter(one: DueAccess, parts: ExpiryParts): Promise<boolean> {
  const { accountId, reference } = one;
  const { due, first, keep, now } = parts;
  const record = await parts.latestWith(accountId, reference);
  // Nothing came of it, or somebody has ended it.
  if (!record || record.consent.status === 'rejected' || isOver(record.consent)) {
    await due.done(one);
    return false;
  }
  const at = await parts.livesUntil(accountId, reference);
  if (at !== undefined) {
    // At the earliest in a second: its last one is not over.
    if (at > one.at) await due.put({ ...one, at: Math.max(at, now() + 1) });
    if (at > one.at) await due.done(one);
    return false;
  }
  if (!(await first(`expiry ${reference}`, CLAIM_SECONDS))) return false;
  await keep(expiryOf(record, accountId));
  await due.done(one);
  return true;
}

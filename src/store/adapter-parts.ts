import type { Adapter, AdapterPayload } from 'oidc-provider';

import type { GrantSummary } from '../consent/index.ts';
import type { ClientId } from '../oauth/index.ts';
import type { GrantIndex } from './grants.ts';
import type { GrantWords } from './grant-words.ts';
import type { Trust } from './guard.ts';
import type { EndedSession } from './session-end.ts';
import type { Vault } from './vault.ts';

/** A redeemed code is remembered this long, to tell a replay from a stranger's guess (C2.4). */
export const USED_CODE_SECONDS = 600;

/** What is good for one use says when it was written; milliseconds since 1970, since a failover may take less than a second. */
export interface MadeAt {
  readonly madeAt?: number;
}

export interface AdapterParts {
  readonly vault: Vault;
  readonly grants: GrantIndex;
  /** How long a grant, its tombstone and its markers are kept. */
  readonly grantTtlSeconds: number;
  /** Told of each session that ends before its time; must not fail. */
  readonly onSessionEnd?: (session: EndedSession) => void;
  readonly trust: Trust;
  readonly words: GrantWords;
  /** Told of a grant that ended with the session of its person. */
  readonly onSignedOut?: (grant: GrantSummary) => void;
  /** Milliseconds until the client of the running request is told that it took too long: nothing is issued to it after. */
  readonly msLeft: () => number;
  /** A client's registration in the provider's own metadata; `undefined` when unknown or disabled. */
  readonly findClient: (id: ClientId) => Promise<AdapterPayload | undefined>;
}

/** A method of the adapter that this model never needs fails loudly instead of answering "absent". */
export function unsupported(model: string): Adapter {
  const refuse = (method: string) => () => Promise.reject(new TypeError(`${model} has no ${method}`));
  return {
    upsert: refuse('upsert'),
    find: refuse('find'),
    findByUserCode: refuse('findByUserCode'),
    findByUid: refuse('findByUid'),
    consume: refuse('consume'),
    destroy: refuse('destroy'),
    revokeByGrantId: refuse('revokeByGrantId'),
  };
}

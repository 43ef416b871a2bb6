import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';
import { StoreUnavailable, type Commit } from './driver.ts';
import { ending, refreshRows } from './ending.ts';
import { openGrant, sealedGrant } from './grant-to-be.ts';
import type { GrantWords } from './grant-words.ts';
import { key } from './keys.ts';
import { commitAndSettle } from './unsettled.ts';
import type { Vault } from './vault.ts';

/** How often somebody else may change the grant at the same time. */
const TRIES = 5;

export interface NarrowGrantParts {
  readonly vault: Vault;
  readonly words: GrantWords;
  readonly deadTtlSeconds: number;
}

/**
 * Takes a part of a grant back. Its tokens say at once what is left of them, on every node, and resource servers that keep
 * them are told. A refresh at the same time is not answered, or answered with what is left.
 *
 * Where somebody else took something back meanwhile, both do; where nothing is left, it ends.
 *
 * @returns `false` when there was no such grant any more
 */
export function createGrantNarrowing({ vault, words, deadTtlSeconds }: NarrowGrantParts) {
  const narrowing = (id: GrantId, { before, read }: GrantRead, chosen: string): Commit => {
    const { scope, refreshes, gives } = words.left(chosen, before);
    if (!gives) return ending(id, deadTtlSeconds);
    const left = Math.max(1, (before.exp ?? 0) - Math.floor(Date.now() / 1000));
    return {
      ...{ mode: 'issue', deadKey: key.dead(id), deadTtlSeconds, consume: [], tells: true, stays: true },
      expect: [{ key: key.grant(id), value: read }],
      puts: [sealedGrant(vault, words, id, narrowed(before, scope, words), left)],
      removes: refreshes ? [] : refreshRows(id),
    };
  };
  return async (id: GrantId, chosen: string): Promise<boolean> => {
    const names = [key.grant(id), key.dead(id)] as const;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [read, dead] = await vault.driver.getMany(names);
      if (!read || dead) return false;
      const before = openGrant(vault, words, names[0], read);
      const outcome = await commitAndSettle(vault.driver, narrowing(id, { before, read }, chosen), undefined);
      if (outcome !== 'conflict') return outcome === 'committed';
    }
    throw new StoreUnavailable('too many change the same grant at once', { isSettled: true });
  };
}

interface GrantRead {
  readonly before: AdapterPayload;
  /** To the byte. */
  readonly read: Uint8Array;
}

function narrowed(grant: AdapterPayload, scope: string, words: GrantWords): AdapterPayload {
  const before: AdapterPayload & { readonly openid?: unknown; readonly smart?: object } = grant;
  // No scope of OpenID may be left, and then there is nothing in its place.
  const { openid: _openid, smart, ...rest } = before;
  const after = { ...rest, smart: { ...smart, scope, narrowed: true } };
  return { ...after, ...words.ofGrant(after) };
}

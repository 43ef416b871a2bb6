import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';
import { StoreUnavailable } from './driver.ts';
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

/** What is left of a grant. */
export interface Narrowed {
  /** Scopes that it had, or parts of them. */
  readonly scope: string;
  /** `false`: its refresh tokens end, and what was made from it lives no longer than it would. */
  readonly refreshes: boolean;
}

/**
 * Takes a part of a grant back. Its tokens say at once what is left of them, on every node, and resource servers that keep
 * them are told. A refresh at the same time is not answered, or answered with what is left.
 *
 * @returns `false` when there is no such grant any more
 */
export function createGrantNarrowing({ vault, words, deadTtlSeconds }: NarrowGrantParts) {
  return async (id: GrantId, { scope, refreshes }: Narrowed): Promise<boolean> => {
    const names = [key.grant(id), key.dead(id)] as const;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [read, dead] = await vault.driver.getMany(names);
      if (!read || dead) return false;
      const grant = narrowed(openGrant(vault, words, names[0], read), scope, words);
      const left = Math.max(1, (grant.exp ?? 0) - Math.floor(Date.now() / 1000));
      const put = sealedGrant(vault, words, id, grant, left);
      const outcome = await commitAndSettle(
        vault.driver,
        {
          ...{ mode: 'issue', deadKey: names[1], deadTtlSeconds, consume: [], tells: true, stays: true },
          expect: [{ key: names[0], value: read }],
          puts: [put],
          removes: refreshes ? [] : [key.family(id), key.answer(id)],
        },
        undefined,
      );
      if (outcome !== 'conflict') return outcome === 'committed';
    }
    throw new StoreUnavailable('too many change the same grant at once', { isSettled: true });
  };
}

function narrowed(grant: AdapterPayload, scope: string, words: GrantWords): AdapterPayload {
  const before: AdapterPayload & { readonly openid?: unknown; readonly smart?: object } = grant;
  // No scope of OpenID may be left, and then there is nothing in its place.
  const { openid: _openid, smart, ...rest } = before;
  const after = { ...rest, smart: { ...smart, scope, narrowed: true } };
  return { ...after, ...words.ofGrant(after) };
}

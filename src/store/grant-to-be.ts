import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';
import type { Put } from './driver.ts';
import { unsaid, withSaid, type GrantWords, type LeanRecord } from './grant-words.ts';
import { key } from './keys.ts';
import { currentPageRequest } from './page-request.ts';
import { currentRequestScope } from './request-scope.ts';
import type { Vault } from './vault.ts';

/**
 * A grant that a person has allowed and whose code is not made yet. It travels with the interaction and is written together
 * with the code: no grant is there that nobody was given a code for.
 */
export interface WithGrantToBe extends AdapterPayload {
  readonly grantToBe?: { readonly id: GrantId; readonly payload: AdapterPayload };
}

/** An interaction as it is kept: with the grant that its result names, if that was made in the running request. */
export function withGrantToBe(payload: AdapterPayload): WithGrantToBe {
  const consent = payload.result?.['consent'] as { readonly grantId?: GrantId } | undefined;
  const id = consent?.grantId;
  const grant = id === undefined ? undefined : currentPageRequest()?.grants.get(id);
  return id === undefined || grant === undefined
    ? payload
    : { ...payload, grantToBe: { id, payload: grant } };
}

/** An interaction as the provider knows it; the running request knows the grant from now on. */
export function withoutGrantToBe({ grantToBe, ...payload }: WithGrantToBe): AdapterPayload {
  if (grantToBe) currentPageRequest()?.grants.set(grantToBe.id, grantToBe.payload);
  return payload;
}

/** The grant as the running request has read or made it. */
export function grantInHand(id: GrantId): AdapterPayload | undefined {
  const known = currentRequestScope()?.grants.get(id) ?? currentPageRequest()?.grants.get(id);
  return known as AdapterPayload | undefined;
}

/** Seals a grant for a commit. */
export function sealedGrant(
  vault: Vault,
  words: GrantWords,
  id: GrantId,
  grant: AdapterPayload,
  ttlSeconds: number | undefined,
): Put {
  return vault.sealed(key.grant(id), unsaid(grant, words.ofGrant(grant)), ttlSeconds);
}

/** A grant as oidc-provider knows it, from what lies at `name`. @throws SealBroken */
export function openGrant(vault: Vault, words: GrantWords, name: string, sealed: Uint8Array): AdapterPayload {
  const row = vault.open<LeanRecord>(name, sealed);
  return withSaid(row, () => words.ofGrant(row));
}

/** Writes the grant, where the running request knows of one that is yet to be. */
export function grantToBe(vault: Vault, words: GrantWords, id: GrantId): Put[] {
  const grants = currentPageRequest()?.grants;
  const payload = grants?.get(id);
  if (!grants || !payload) return [];
  grants.delete(id);
  const { exp } = payload;
  const ttlSeconds = exp === undefined ? undefined : Math.max(1, exp - nowInSeconds());
  return [sealedGrant(vault, words, id, payload, ttlSeconds)];
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

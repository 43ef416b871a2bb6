import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';
import type { Put } from './driver.ts';
import { key } from './keys.ts';
import { currentPageRequest } from './page-request.ts';
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

/** Writes the grant, where the running request knows of one that is yet to be. */
export function grantToBe(vault: Vault, id: GrantId): Put[] {
  const grants = currentPageRequest()?.grants;
  const payload = grants?.get(id);
  if (!grants || !payload) return [];
  grants.delete(id);
  const { exp } = payload;
  return [
    vault.sealed(key.grant(id), payload, exp === undefined ? undefined : Math.max(1, exp - nowInSeconds())),
  ];
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

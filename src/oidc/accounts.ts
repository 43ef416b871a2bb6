import type { Account as ProviderAccount, FindAccount, KoaContextWithOIDC } from 'oidc-provider';

import type { Account } from '../identity/index.ts';
import { endsWithSession, sessionOf } from './online-access.ts';
import type { ProviderParts } from './parts.ts';

/**
 * The account a token request acts for. A disabled account is nobody (REF-20); an `online_access` token whose sign-in
 * session has ended is nobody's (REF-14).
 */
export function findAccount(parts: Pick<ProviderParts, 'findAccount'>): FindAccount {
  return async (ctx, id, token) => {
    const account = await parts.findAccount(id);
    if (!account || account.disabled) return undefined;
    const isRefresh = token?.kind === 'RefreshToken';
    if (isRefresh && endsWithSession(token) && !(await sessionOf(ctx.oidc.provider, token))) return undefined;
    return asProviderAccount(ctx, account);
  };
}

function asProviderAccount(ctx: KoaContextWithOIDC, account: Account): ProviderAccount {
  return {
    accountId: account.accountId,
    claims: async () => {
      const fhirUser = ctx.oidc.entities.Grant?.smart?.fhirUser;
      return { sub: account.accountId, name: account.name, ...(fhirUser === undefined ? {} : { fhirUser }) };
    },
  };
}

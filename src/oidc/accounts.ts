import type { Account as ProviderAccount, FindAccount, KoaContextWithOIDC } from 'oidc-provider';

import type { Account } from '../identity/index.ts';
import type { ProviderParts } from './parts.ts';

/**
 * The account a token request acts for. A disabled account is nobody (REF-20); an `online_access` token whose sign-in
 * session has ended is nobody's (REF-14).
 */
export function findAccount(parts: Pick<ProviderParts, 'findAccount'>): FindAccount {
  return async (ctx, id, token) => {
    const account = await parts.findAccount(id);
    if (!account || account.disabled) return undefined;
    if (token?.kind === 'RefreshToken' && !(await isSessionAlive(ctx, id, token))) return undefined;
    return asProviderAccount(ctx, account);
  };
}

interface SessionBound {
  readonly scope?: string | undefined;
  readonly sessionUid?: string | undefined;
}

async function isSessionAlive(ctx: KoaContextWithOIDC, accountId: string, token: object): Promise<boolean> {
  const { scope = '', sessionUid } = token as SessionBound;
  const scopes = scope.split(' ');
  if (!scopes.includes('online_access') || scopes.includes('offline_access')) return true;
  if (sessionUid === undefined) return false;
  const session = await ctx.oidc.provider.Session.findByUid(sessionUid);
  return session?.accountId === accountId;
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

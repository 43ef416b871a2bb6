import type { AccessToken, Client, ClientCredentials, RefreshToken } from 'oidc-provider';

import type { ProviderParts } from './parts.ts';

type AnyToken = AccessToken | ClientCredentials | RefreshToken;

/**
 * Who may see a token: a resource server sees every access token (INT-09), a client its own. What it sees is alive only
 * while the client and the person behind it are: disabling either takes effect with the next question.
 */
export function mayIntrospect({ clients, findAccount }: Pick<ProviderParts, 'clients' | 'findAccount'>) {
  return async (caller: Client, token: AnyToken): Promise<boolean> => {
    const isResourceServer = caller.rights?.includes('introspect') ?? false;
    const isOwn = caller.clientId === token.clientId && caller.clientAuthMethod !== 'none';
    if (!isOwn && (!isResourceServer || token.kind === 'RefreshToken')) return false;
    const client = token.clientId === undefined ? undefined : await clients.find(token.clientId);
    if (!client || client.disabled) return false;
    if (!('accountId' in token) || token.accountId === undefined) return true;
    const account = await findAccount(token.accountId);
    return account !== undefined && !account.disabled;
  };
}

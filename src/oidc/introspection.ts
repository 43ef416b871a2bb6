import type { AccessToken, Client, ClientCredentials, RefreshToken } from 'oidc-provider';

import { fhirServersFor } from './authorization-request.ts';
import type { ProviderParts } from './parts.ts';

type AnyToken = AccessToken | ClientCredentials | RefreshToken;

export type IntrospectionParts = Pick<ProviderParts, 'clients' | 'findAccount'> & {
  readonly config: Pick<ProviderParts['config'], 'fhirServers'>;
};

/**
 * Who may see a token: a resource server sees every access token (INT-09), a client its own. What it sees is alive only
 * while the client and the person behind it are: disabling either takes effect with the next question.
 */
export function mayIntrospect({ clients, findAccount, config }: IntrospectionParts) {
  return async (caller: Client, token: AnyToken): Promise<boolean> => {
    const isResourceServer = caller.rights?.includes('introspect') ?? false;
    const isOwn = caller.clientId === token.clientId && caller.clientAuthMethod !== 'none';
    if (!isOwn && (!isResourceServer || token.kind === 'RefreshToken')) return false;
    if (!isOwn && 'aud' in token && !isForServerOf(caller, token.aud, config)) return false;
    const client = token.clientId === undefined ? undefined : await clients.find(token.clientId);
    if (!client || client.disabled) return false;
    if (!('accountId' in token) || token.accountId === undefined) return true;
    const account = await findAccount(token.accountId);
    return account !== undefined && !account.disabled;
  };
}

/** No token crosses over: a FHIR server that is registered for itself alone learns nothing of tokens for another. */
function isForServerOf(caller: Client, aud: unknown, { fhirServers }: IntrospectionParts['config']): boolean {
  if (caller.fhir_servers === undefined) return true;
  return fhirServersFor(fhirServers, caller).some(({ url }) => [aud].flat().includes(url));
}

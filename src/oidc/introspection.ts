import type { AccessToken, Client, ClientCredentials, RefreshToken } from 'oidc-provider';

import { mayBeTold } from '../introspection/index.ts';
import type { ProviderParts } from './parts.ts';

type AnyToken = AccessToken | ClientCredentials | RefreshToken;

type IntrospectionParts = Pick<ProviderParts, 'clients' | 'findAccount'> & {
  readonly config: Pick<ProviderParts['config'], 'fhirServers'>;
};

/**
 * Who may see a token, at the provider's own door: by the rule of introspection/, and only while its client and the person
 * behind it are there.
 */
export function mayIntrospect({ clients, findAccount, config }: IntrospectionParts) {
  const urlsOf = (ids: readonly string[]): string[] =>
    config.fhirServers.filter(({ id }) => ids.includes(id)).map(({ url }) => url);
  return async (caller: Client, token: AnyToken): Promise<boolean> => {
    const asking = {
      client_id: caller.clientId,
      token_endpoint_auth_method: caller.clientAuthMethod as 'none',
      rights: [...(caller.rights ?? [])],
      ...(caller.fhir_servers === undefined ? {} : { fhir_servers: [...caller.fhir_servers] }),
    };
    if (!mayBeTold(asking, token, urlsOf)) return false;
    const client = token.clientId === undefined ? undefined : await clients.find(token.clientId);
    if (!client || client.disabled) return false;
    if (!('accountId' in token) || token.accountId === undefined) return true;
    const account = await findAccount(token.accountId);
    return account !== undefined && !account.disabled;
  };
}

import type { Client } from '../clients/index.ts';
import type { ClientId } from '../oauth/index.ts';

/** Who asks; it has proved who it is. */
export type Caller = Pick<
  Client['registration'],
  'client_id' | 'token_endpoint_auth_method' | 'rights' | 'fhir_servers'
>;

/** Of the token that is asked about, what decides who may know of it. */
export interface WhatIsAsked {
  readonly kind: string;
  readonly clientId?: ClientId | undefined;
  readonly aud?: string | readonly string[] | undefined;
}

/**
 * May this caller be told about this token? A resource server is told of every access token for its own FHIR servers
 * (INT-09); a confidential client of its own tokens, refresh tokens among them. Nobody else learns even that it exists.
 *
 * @param urlsOf the base URLs of the FHIR servers with these ids
 */
export function mayBeTold(
  caller: Caller,
  token: WhatIsAsked,
  urlsOf: (fhirServerIds: readonly string[]) => readonly string[],
): boolean {
  if (caller.client_id === token.clientId && caller.token_endpoint_auth_method !== 'none') return true;
  if (!caller.rights.includes('introspect') || token.kind === 'RefreshToken') return false;
  // No token crosses over: who is registered for one FHIR server learns nothing of tokens for another.
  if (caller.fhir_servers === undefined) return true;
  const urls = urlsOf(caller.fhir_servers);
  const audiences = typeof token.aud === 'string' ? [token.aud] : (token.aud ?? []);
  return audiences.some((audience) => urls.includes(audience));
}

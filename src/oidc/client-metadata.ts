import type { AdapterPayload } from 'oidc-provider';

import { browserOrigins, type ClientRegistration } from '../clients/index.ts';

/** Members of ours that ride on the provider's client. */
export const EXTRA_CLIENT_METADATA = ['smart_scope', 'allowed_origins', 'rights', 'fhir_servers'] as const;

/** A registration in oidc-provider's words. Scopes travel beside: the provider would refuse the SMART ones. */
export function providerMetadata(registration: ClientRegistration): AdapterPayload {
  const code = registration.grant_types.includes('authorization_code');
  return {
    client_id: registration.client_id,
    client_name: registration.client_name,
    ...(registration.client_uri ? { client_uri: registration.client_uri } : {}),
    redirect_uris: registration.redirect_uris,
    response_types: code ? ['code'] : [],
    grant_types: registration.grant_types,
    application_type: registration.application_type,
    token_endpoint_auth_method: registration.token_endpoint_auth_method,
    ...(registration.client_secret ? { client_secret: registration.client_secret } : {}),
    ...(registration.jwks ? { jwks: registration.jwks } : {}),
    ...(registration.jwks_uri ? { jwks_uri: registration.jwks_uri } : {}),
    ...(registration.backchannel_logout_uri
      ? {
          backchannel_logout_uri: registration.backchannel_logout_uri,
          backchannel_logout_session_required: registration.backchannel_logout_session_required ?? false,
        }
      : {}),
    id_token_signed_response_alg: 'RS256',
    smart_scope: registration.scope,
    allowed_origins: browserOrigins(registration),
    rights: registration.rights,
    ...(registration.fhir_servers ? { fhir_servers: registration.fhir_servers } : {}),
  };
}

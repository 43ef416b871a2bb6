import { capabilities, type Features } from './capabilities.ts';

/** Absolute URLs of our endpoints. */
export interface Endpoints {
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly jwks: string;
  readonly introspection: string;
  readonly revocation: string;
}

export interface SmartConfigurationInput {
  readonly endpoints: Endpoints;
  readonly features: Features;
  readonly authMethods: readonly string[];
  readonly signingAlgorithms: readonly string[];
  readonly scopes: readonly string[];
}

/** The document at `[fhir-base]/.well-known/smart-configuration`, in the names of the wire. */
export interface SmartConfiguration {
  readonly issuer?: string;
  readonly jwks_uri?: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly grant_types_supported: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly code_challenge_methods_supported: readonly string[];
  readonly introspection_endpoint: string;
  readonly revocation_endpoint: string;
  readonly capabilities: readonly string[];
}

/**
 * Writes the discovery document of one FHIR endpoint. A member is there only when what it names works
 * (SMART App Launch 2.2.0, "Conformance", DISC-05 … DISC-21).
 */
export function smartConfiguration(input: SmartConfigurationInput): SmartConfiguration {
  const { endpoints, features } = input;
  return {
    ...(features.openidConnect ? { issuer: endpoints.issuer, jwks_uri: endpoints.jwks } : {}),
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    token_endpoint_auth_methods_supported: input.authMethods,
    token_endpoint_auth_signing_alg_values_supported: input.signingAlgorithms,
    grant_types_supported: ['authorization_code', 'client_credentials'],
    scopes_supported: input.scopes,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    capabilities: capabilities(features),
  };
}

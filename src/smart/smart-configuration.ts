import { capabilities, type Features } from './capabilities.ts';
import { LATEST_SMART_VERSION, isAtLeast, type SmartVersion } from './version.ts';

/** Absolute URLs of our endpoints. */
export interface Endpoints {
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly jwks: string;
  readonly introspection: string;
  readonly revocation: string;
  /** Where a person sees and changes what apps may do. */
  readonly management: string;
}

export interface SmartConfigurationInput {
  readonly endpoints: Endpoints;
  readonly features: Features;
  readonly authMethods: readonly string[];
  readonly signingAlgorithms: readonly string[];
  readonly scopes: readonly string[];
  /** What the endpoint follows; default: the latest. */
  readonly version?: SmartVersion;
}

/** The document at `[fhir-base]/.well-known/smart-configuration`, in the names of the wire. */
export interface SmartConfiguration {
  readonly issuer?: string;
  readonly jwks_uri?: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[];
  readonly grant_types_supported?: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly code_challenge_methods_supported: readonly string[];
  readonly introspection_endpoint: string;
  readonly revocation_endpoint: string;
  readonly management_endpoint: string;
  readonly capabilities: readonly string[];
}

/**
 * Writes the discovery document of one FHIR endpoint. A member is there only when what it names works and the version of
 * the endpoint has it (SMART App Launch 2.2.0, "Conformance", DISC-05 … DISC-21; 1.0.0, V1-03). Code challenges are
 * named to 1.0.0 apps as well: they are asked of everyone (V1-05).
 */
export function smartConfiguration(input: SmartConfigurationInput): SmartConfiguration {
  const { endpoints, features, version = LATEST_SMART_VERSION } = input;
  const is2 = isAtLeast(version, '2.0.0');
  return {
    ...(is2 && features.openidConnect ? { issuer: endpoints.issuer, jwks_uri: endpoints.jwks } : {}),
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    token_endpoint_auth_methods_supported: input.authMethods,
    ...(is2
      ? {
          token_endpoint_auth_signing_alg_values_supported: input.signingAlgorithms,
          grant_types_supported: ['authorization_code', 'client_credentials'],
        }
      : {}),
    scopes_supported: input.scopes,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    management_endpoint: endpoints.management,
    capabilities: capabilities(features, version),
  };
}

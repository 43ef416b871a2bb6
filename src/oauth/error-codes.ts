/**
 * Every error code an app or a person can meet (RFC 6749 §4.1.2.1 and §5.2; RFC 6750 §3.1; OpenID Connect Core
 * §3.1.2.6). docs/app-developers.md explains each; a test holds the two together.
 */
export const ERROR_CODES = [
  'access_denied',
  'consent_required',
  'insufficient_scope',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'invalid_token',
  'login_required',
  'not_found',
  'request_not_supported',
  'request_uri_not_supported',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

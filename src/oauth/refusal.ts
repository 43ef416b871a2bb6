/** Error codes Gatehouse sends (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1; OpenID Connect Core §3.1.2.6). */
export type OAuthErrorCode =
  | 'access_denied'
  | 'insufficient_scope'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_token'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unauthorized_client';

/**
 * Why something was refused, for three readers: `code` for programs, `description` for the app's developer
 * (safe on the wire: no token, no secret, no patient), `detail` for the operator (log only).
 */
export interface Refusal<Code extends string = OAuthErrorCode> {
  readonly code: Code;
  readonly description: string;
  readonly detail?: string;
}

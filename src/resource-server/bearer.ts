import type { Refused } from './refused.ts';

/** What the `Authorization` header holds: nothing of ours, a token, or something that cannot be one. */
export type Bearer =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string };

/** RFC 6750 §2.1: `b64token`. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_LENGTH = 8192;

/**
 * Takes the token from the `Authorization` header, and from nowhere else: a token in a query string ends up in
 * logs, in history and in `Referer` (RFC 6750 §5.3). The scheme's case does not matter (RFC 9110 §11.1).
 *
 * @see SEM-03
 */
export function readBearer(authorization: string | undefined): Bearer {
  const [, scheme = '', token = ''] = /^([^ ]+) *(.*)$/.exec(authorization?.trim() ?? '') ?? [];
  if (scheme.toLowerCase() !== 'bearer') return { kind: 'none' };
  if (token.length > MAX_LENGTH || !B64TOKEN.test(token)) return { kind: 'malformed' };
  return { kind: 'token', token };
}

/** The refusal for a request without a usable token; none was sent: no error code (RFC 6750 §3.1, SEM-03). */
export function bearerRefusal(bearer: Exclude<Bearer, { kind: 'token' }>): Refused | undefined {
  if (bearer.kind === 'none') return undefined;
  const description = 'the Authorization header does not hold a well-formed bearer token';
  return { allowed: false, status: 401, error: 'invalid_token', description };
}

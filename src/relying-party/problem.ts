import * as oidc from 'openid-client';

import type { SignInProblem } from '../upstream/index.ts';

/** Errors of a provider that pass. */
const PASSING = new Set(['server_error', 'temporarily_unavailable']);
/** What the library says where nothing came, or nothing in time. */
const NO_ANSWER = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** What went wrong with an answer, for the person and for the log. It holds no code and no token. */
export function problemOf(error: unknown): { readonly problem: SignInProblem; readonly detail: string } {
  if (error instanceof oidc.AuthorizationResponseError) {
    const detail = [error.error, error.error_description].filter(Boolean).join(': ').slice(0, 300);
    if (error.error === 'access_denied') return { problem: 'denied', detail };
    return { problem: PASSING.has(error.error) ? 'away' : 'failed', detail };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { problem: isAway(error) ? 'away' : 'not-trusted', detail };
}

function isAway(error: unknown): boolean {
  if (error instanceof oidc.ResponseBodyError) return error.status >= 500;
  if (error instanceof oidc.ClientError && NO_ANSWER.has(error.code ?? '')) return true;
  // The library wraps what it does not know.
  return isUnreachable(error) || (error instanceof Error && isUnreachable(error.cause));
}

/** What fetch says where nobody listens. */
function isUnreachable(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'message' in error && error.message === 'fetch failed'
  );
}

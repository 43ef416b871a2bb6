import type { IntrospectionResult } from './introspection.ts';
import { challenge, operationOutcome, type OperationOutcome } from './responses.ts';
import type { Refused } from './refused.ts';

/** A refusal as it goes over the wire. */
export interface RefusedAnswer {
  readonly ok: false;
  readonly status: 401 | 403 | 404 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OperationOutcome;
}

const RETRY_AFTER_SECONDS = '2';

/**
 * The answer to a request that gets no data: 401 with a challenge, without an error code where no token was sent (SEM-03);
 * 403 with the scope that would do (SEM-04); 503 where nobody could tell, since a 401 would make apps throw away a session
 * because of our outage.
 */
export function answerTo(
  refused: Refused | Exclude<IntrospectionResult, { kind: 'active' }> | undefined,
): RefusedAnswer {
  if (refused && 'kind' in refused) {
    return refused.kind === 'inactive' ? inactive(refused.description) : unavailable();
  }
  const body = operationOutcome(
    'error',
    refused?.status === 403 ? 'forbidden' : 'login',
    refused?.description ?? 'this server needs an access token in the Authorization header',
  );
  return {
    ok: false,
    status: refused?.status ?? 401,
    headers: { 'WWW-Authenticate': challenge(refused) },
    body,
  };
}

/** Nothing of ours is there. */
export function notFound(): RefusedAnswer {
  const body = operationOutcome('error', 'not-found', 'there is nothing at this path');
  return { ok: false, status: 404, headers: {}, body };
}

function inactive(description: string): RefusedAnswer {
  return answerTo({ allowed: false, status: 401, error: 'invalid_token', description });
}

/** Worth another try soon. */
export function unavailable(): RefusedAnswer {
  const body = operationOutcome(
    'error',
    'transient',
    'the authorization server cannot be asked now; try again soon',
  );
  return { ok: false, status: 503, headers: { 'Retry-After': RETRY_AFTER_SECONDS }, body };
}

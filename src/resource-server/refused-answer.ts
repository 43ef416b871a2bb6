import type { IntrospectionResult } from './introspection.ts';
import { challenge, denial, outcomeAnswer, type OutcomeAnswer } from './responses.ts';
import type { Refused } from './refused.ts';

/** A refusal as it goes over the wire. */
export interface RefusedAnswer extends OutcomeAnswer {
  readonly ok: false;
}

const RETRY_AFTER_SECONDS = '5';

/**
 * The answer to a request that gets no data: 401 with a challenge, without an error code where no token was sent (SEM-03);
 * 403 with the scope that would do (SEM-04); 503 where nobody could tell, since a 401 would make apps throw away a session
 * because of our outage.
 */
export function answerTo(
  refused: Refused | Exclude<IntrospectionResult, { kind: 'active' }> | undefined,
): RefusedAnswer {
  if (!refused) return NO_TOKEN;
  if (!('kind' in refused)) return { ok: false, ...denial(refused) };
  return refused.kind === 'inactive' ? inactive(refused.description) : UNAVAILABLE;
}

function inactive(description: string): RefusedAnswer {
  return answerTo({ allowed: false, status: 401, error: 'invalid_token', description });
}

const NO_TOKEN: RefusedAnswer = {
  ok: false,
  ...outcomeAnswer(401, 'login', 'this server needs an access token in the Authorization header', {
    'WWW-Authenticate': challenge(),
  }),
};

/** Nothing of ours is there. */
export const NOTHING_HERE: RefusedAnswer = {
  ok: false,
  ...outcomeAnswer(404, 'not-supported', 'there is nothing at this path'),
};

/** Worth another try soon. */
export const UNAVAILABLE: RefusedAnswer = {
  ok: false,
  ...outcomeAnswer(503, 'transient', 'the authorization server cannot be asked now; try again soon', {
    'Retry-After': RETRY_AFTER_SECONDS,
  }),
};

import type { Refused } from './refused.ts';

export type Severity = 'fatal' | 'error' | 'warning' | 'information';

/** The issue types of FHIR R4 (`issue-type`) that a guarded server needs. */
export type IssueCode =
  | 'conflict'
  | 'exception'
  | 'expired'
  | 'forbidden'
  | 'informational'
  | 'invalid'
  | 'login'
  | 'not-found'
  | 'not-supported'
  | 'throttled'
  | 'too-long'
  | 'transient'
  | 'unknown';

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly {
    readonly severity: Severity;
    readonly code: IssueCode;
    readonly diagnostics: string;
  }[];
}

/** The body of a FHIR answer that is not data. `diagnostics` must not hold a token or a patient. */
export function operationOutcome(severity: Severity, code: IssueCode, diagnostics: string): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [{ severity, code, diagnostics }] };
}

/** An answer that is not data. */
export interface OutcomeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OperationOutcome;
}

/** An OperationOutcome to send. `diagnostics` is for the app's developer and names no token and no patient. */
export function outcomeAnswer(
  status: number,
  code: IssueCode,
  diagnostics: string,
  headers: Readonly<Record<string, string>> = {},
): OutcomeAnswer {
  return { status, headers, body: operationOutcome('error', code, diagnostics) };
}

/** One word for "is not there" and "is not for you", so that an app cannot learn which ids exist (SEM-15). */
export const NOT_FOUND = outcomeAnswer(
  404,
  'not-found',
  'there is no such resource, or this token may not see it',
);

/**
 * The text of `WWW-Authenticate` (RFC 6750 §3). Without a refusal, no token was sent, and the challenge names no
 * error (§3.1, SEM-03); `invalid_token` goes with 401, `insufficient_scope` with 403 and the scope (SEM-04).
 *
 * ```ts
 * challenge() === 'Bearer realm="fhir"';
 * ```
 */
export function challenge(refused?: Pick<Refused, 'error' | 'description' | 'neededScope'>): string {
  if (!refused) return 'Bearer realm="fhir"';
  const { error, description, neededScope } = refused;
  const parts = [`error="${error}"`, `error_description="${quotable(description)}"`];
  if (neededScope !== undefined) parts.push(`scope="${quotable(neededScope)}"`);
  return `Bearer ${parts.join(', ')}`;
}

/** Keeps only what RFC 6750 §3 allows between the quotes. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '');
}

/** A refusal as an answer: the status, the header and the body to send. */
export interface Denial {
  readonly status: 401 | 403;
  readonly headers: { readonly 'WWW-Authenticate': string };
  readonly body: OperationOutcome;
}

/**
 * The whole answer to a refused request, from `decide`, `decideBatch` or `verifyToken` (SEM-04).
 *
 * ```ts
 * const { status, headers, body } = denial(decision);
 * ```
 */
export function denial(refused: Refused): Denial {
  return {
    status: refused.status,
    headers: { 'WWW-Authenticate': challenge(refused) },
    body: operationOutcome('error', refused.status === 401 ? 'login' : 'forbidden', refused.description),
  };
}

import type { Context } from 'koa';
import { operationOutcome, type IssueCode } from '../../resource-server/index.ts';

/** What will be sent, as a value. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `application/fhir+json`. */
  readonly type?: string;
  /** For the operator's log, never sent. */
  readonly detail?: string;
}

export function send(
  ctx: Context,
  { status, body, headers = {}, type = 'application/fhir+json' }: Answer,
): void {
  ctx.status = status;
  ctx.set({ ...headers });
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', type);
}

/** An OperationOutcome: `diagnostics` is for the app's developer and names no token and no patient. */
export function outcome(
  status: number,
  code: IssueCode,
  diagnostics: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body: operationOutcome('error', code, diagnostics) };
}

/** One word for "is not there" and "is not for you", so that an app cannot learn which ids exist (SEM-15). */
export const NOT_FOUND = outcome(404, 'not-found', 'there is no such resource, or this token may not see it');

/** The authorization server is away: say so, and never blame the token. */
export function tryAgain(diagnostics: string, detail: string): Answer {
  return { ...outcome(503, 'transient', diagnostics, { 'Retry-After': '5' }), detail };
}

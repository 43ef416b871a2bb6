import type { ServerResponse } from 'node:http';

import { operationOutcome, type IssueCode } from '../resource-server/index.ts';

/** An answer that is not passed on as it comes, as a value. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** JSON that is FHIR, unless `headers` say otherwise; absent: no body. */
  readonly body?: object;
}

/** An OperationOutcome. `diagnostics` is for the app's developer and names no token and no patient. */
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

export function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.statusCode = status;
  if (body !== undefined) response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

import type { ServerResponse } from 'node:http';

import { denial, type Refused } from '../resource-server/index.ts';

/** An answer that is not passed on as it comes, as a value. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** JSON that is FHIR, unless `headers` say otherwise; absent: no body. */
  readonly body?: object;
  /** Why it says no, for the audit log alone: the answer itself may not tell. */
  readonly refused?: string;
}

export function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.statusCode = status;
  if (body !== undefined) response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** The answer to what no scope permits. */
export function refusal(decision: Refused): Answer {
  return { ...denial(decision), refused: decision.description };
}

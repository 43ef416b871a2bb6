import type { OutgoingHttpHeaders } from 'node:http';

import { NOT_FOUND, outcomeAnswer, type FhirResource } from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import { headersFromUpstream } from './headers.ts';
import { parseJson } from './request-body.ts';
import type { Held, Upstream } from './upstream.ts';

export const NO_FHIR = outcomeAnswer(
  502,
  'exception',
  'the FHIR server behind this gateway sent no FHIR JSON',
);
/** What is there and may not be seen; the answer is that of what is not there. */
export const NOT_THEIRS: Answer = { ...NOT_FOUND, refused: 'it is there, and this token may not see it' };
/** A refusal of the server behind us. Of a resource it says no more than that it is not there. */
export function failureOf({ status, headers, body }: Held, upstream: Upstream): Answer {
  if (status === 404 || status === 410) return NOT_FOUND;
  if (status === 401 || status === 407)
    return outcomeAnswer(502, 'exception', 'the FHIR server behind this gateway does not accept the gateway');
  const content = parseJson(body);
  const told = isResource(content) && content.resourceType === 'OperationOutcome' ? content : undefined;
  const safe = headersFromUpstream(headers, upstream.toOurs);
  const kept = Object.fromEntries(
    ['retry-after'].flatMap((name) => (name in safe ? [[name, String(safe[name])]] : [])),
  );
  return told
    ? { status, headers: kept, body: told }
    : outcomeAnswer(status, 'unknown', `the FHIR server answered ${status}`);
}

const ABOUT_THE_BODY = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-md5',
  'digest',
]);

/** What can still be said of an answer after it was filtered. */
export function headersOf(held: Held, upstream: Upstream): Record<string, string | string[]> {
  const all: OutgoingHttpHeaders = headersFromUpstream(held.headers, upstream.toOurs);
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined || ABOUT_THE_BODY.has(name)
        ? []
        : [[name, typeof value === 'number' ? String(value) : value]],
    ),
  );
}

export function isResource(content: unknown): content is FhirResource {
  return typeof content === 'object' && content !== null && 'resourceType' in content;
}

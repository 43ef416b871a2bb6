import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

import type { TokenInfo } from '../resource-server/index.ts';
import { headersToUpstream, type Circumstances } from './headers.ts';
import type { PagedQuery } from './pages.ts';
import type { Asked } from './upstream.ts';

/** One request to the FHIR server behind us, or one entry of a batch. */
export interface Call {
  readonly method: string;
  /** As it was decided: types, ids and words of FHIR, and nothing that leads elsewhere. */
  readonly pathBelowBase: string;
  readonly query: PagedQuery;
  /** Of a search that was sent as a form. */
  readonly form?: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly from: Circumstances;
  readonly token: TokenInfo;
  /** Where it had to be read. */
  readonly body?: Buffer;
  readonly ifNoneExist?: string;
}

export interface Changes {
  /** Parameters to add. */
  readonly add?: readonly (readonly [string, string])[];
  /** Headers to replace; `undefined` removes one. */
  readonly headers?: OutgoingHttpHeaders;
}

/** The request as the server behind us gets it. */
export function askedOf(call: Call, { add = [], headers = {} }: Changes = {}): Asked {
  const own = headersToUpstream(call.headers, call.from);
  const form = call.form && joined([...call.form, ...add]);
  const query = [...call.query.decided, ...(form ? [] : add), ...call.query.page];
  const text = encoded(joined(query));
  const body = form ? Buffer.from(encoded(form)) : call.body;
  return {
    method: call.method,
    target: call.pathBelowBase + (text === '' ? '' : `?${text}`),
    headers: { ...own, ...(body ? { 'content-length': body.byteLength } : {}), ...headers },
    ...(body ? { body } : {}),
  };
}

/** The same resource, to be looked at as it is now. */
export function askedBefore(call: Call): Asked {
  const own = headersToUpstream({}, call.from);
  return {
    method: 'GET',
    target: call.pathBelowBase,
    headers: { ...own, ...AS_JSON, 'cache-control': 'no-cache' },
  };
}

/** For answers we have to read. */
export const AS_JSON: OutgoingHttpHeaders = {
  accept: 'application/fhir+json',
  'accept-encoding': 'identity',
  // Whether something has changed is told of what may be seen only.
  'if-none-match': undefined,
  'if-modified-since': undefined,
};

/** Parameters in this order, repeated ones too. */
export function joined(parameters: Iterable<readonly [string, string]>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of parameters) query.append(name, value);
  return query;
}

/** A plus sign is a space in forms only; not every server reads it so in an address. */
export function encoded(query: URLSearchParams): string {
  return query.toString().replaceAll('+', '%20');
}

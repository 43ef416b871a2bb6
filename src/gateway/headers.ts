import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Of one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'],
  ...['trailer', 'transfer-encoding', 'upgrade'],
];
/**
 * What the server behind us is told of a request. Everything else stays here: the token, which is for us; what only we can
 * say; and what would have that server do another thing than the one that was decided, such as `X-Cascade`, `X-Provenance`
 * or `X-HTTP-Method-Override`.
 */
const PASSED_ON = new Set([
  ...['accept', 'cache-control', 'pragma', 'prefer', 'user-agent', 'x-request-id', 'x-correlation-id'],
  ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-none-exist'],
  ...['content-type', 'content-length', 'content-encoding', 'content-language', 'content-md5'],
  ...['accept-charset', 'accept-encoding', 'accept-language', 'traceparent', 'tracestate', 'baggage', 'b3'],
]);
const NOT_SENT_BACK = new Set([...HOP_BY_HOP, 'set-cookie', 'server', 'x-powered-by']);
const CORS = 'access-control-';

export interface Circumstances {
  readonly host: string;
  readonly proto: string;
  readonly address: string;
  readonly authorization?: string | undefined;
}

/** The headers of a request as the server behind us gets them. */
export function headersToUpstream(
  headers: IncomingHttpHeaders,
  { host, proto, address, authorization }: Circumstances,
): OutgoingHttpHeaders {
  const named = connectionNames(headers.connection);
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (PASSED_ON.has(name) && !named.has(name)) passed[name] = value;
  }
  return {
    ...passed,
    ...{ 'x-forwarded-host': host, 'x-forwarded-proto': proto, 'x-forwarded-for': address },
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** The headers of an answer as they go back; addresses of the server behind us become ours. */
export function headersFromUpstream(
  headers: IncomingHttpHeaders,
  toOurs: (url: string) => string,
): OutgoingHttpHeaders {
  const named = connectionNames(headers.connection);
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (NOT_SENT_BACK.has(name) || name.startsWith(CORS) || named.has(name)) continue;
    const isAddress = name === 'location' || name === 'content-location';
    passed[name] = isAddress && typeof value === 'string' ? toOurs(value) : value;
  }
  return passed;
}

function connectionNames(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').toLowerCase().split(/\s*,\s*/));
}

import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';

import { headersFromUpstream } from './headers.ts';

/** Why there is no answer from the server behind us; the message is for the operator. */
export class UpstreamFailed extends Error {
  override readonly name = 'UpstreamFailed';
  /** `late`: it did not begin to answer in time. `too-long`: what has to be filtered is longer than may be. */
  readonly kind: 'unreachable' | 'late' | 'too-long';
  constructor(kind: UpstreamFailed['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What is asked of the server behind us. */
export interface Asked {
  readonly method: string;
  /** Below the FHIR base URL, with its query. */
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** A whole answer. */
export interface Held {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The two ends of what goes through as it comes. */
export interface Streamed {
  readonly from: IncomingMessage | undefined;
  readonly back: ServerResponse;
  /** Told how the answer begins. */
  readonly begins: (status: number) => void;
}

/** The FHIR server behind us. */
export interface Upstream {
  /** Sends a request on, and its answer back, as they come; nothing is held. @throws UpstreamFailed before anything was sent back */
  stream(asked: Asked, between: Streamed): Promise<void>;
  /** Holds the whole answer. @throws UpstreamFailed */
  hold(asked: Asked): Promise<Held>;
  /** Rejects with the reason while it cannot be asked. */
  check(authorization: string | undefined): Promise<void>;
  /** An address of the server behind us, as ours. */
  readonly toOurs: (url: string) => string;
  close(): void;
}

export interface UpstreamParts {
  readonly url: string;
  readonly fhirBaseUrl: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export function createUpstream({ url, fhirBaseUrl, timeoutMs, maxBytes }: UpstreamParts): Upstream {
  const base = new URL(url.replace(/\/$/, ''));
  const isTls = base.protocol === 'https:';
  const agent = isTls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const ours = fhirBaseUrl.replace(/\/$/, '');
  const theirs = base.href.replace(/\/$/, '');
  const start = ({ method, target, headers }: Asked) =>
    (isTls ? httpsRequest : httpRequest)({
      agent,
      method,
      headers: { ...present(headers), host: base.host },
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: base.pathname.replace(/\/$/, '') + target,
      timeout: timeoutMs,
    });
  const toOurs = (address: string): string =>
    address === theirs || address.startsWith(`${theirs}/`) || address.startsWith(`${theirs}?`)
      ? ours + address.slice(theirs.length)
      : address;
  /** Sends it, and resolves when the answer begins. */
  const begin = (asked: Asked, from?: IncomingMessage): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = start(asked);
      const fail = (cause: Error): void =>
        reject(new UpstreamFailed('unreachable', `the FHIR server at ${theirs} did not answer`, { cause }));
      sent.once('response', resolve);
      sent.once('error', fail);
      sent.once('timeout', () => {
        reject(
          new UpstreamFailed('late', `the FHIR server at ${theirs} did not answer within ${timeoutMs} ms`),
        );
        sent.destroy();
      });
      from?.once('close', () => {
        if (!from.complete) sent.destroy();
      });
      if (from) from.pipe(sent);
      else sent.end(asked.body);
    });
  const hold: Upstream['hold'] = async (asked) => {
    const answer = await begin(asked);
    const body = await readAll(answer, maxBytes);
    return { status: answer.statusCode ?? 502, headers: answer.headers, body };
  };
  return {
    toOurs,
    hold,
    async check(authorization) {
      const headers = { accept: 'application/fhir+json', authorization };
      const { status } = await hold({ method: 'GET', target: '/metadata', headers });
      if (status !== 200) throw new Error(`the FHIR server answered ${status}`);
    },
    async stream(asked, { from, back, begins }) {
      const answer = await begin(asked, from);
      begins(answer.statusCode ?? 502);
      back.writeHead(answer.statusCode ?? 502, headersFromUpstream(answer.headers, toOurs));
      // Whoever broke off, the other end sees it as a cut answer.
      await pipeline(answer, back).catch(() => back.destroy());
    },
    close: () => agent.destroy(),
  };
}

async function readAll(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new UpstreamFailed('too-long', `an answer of more than ${maxBytes} bytes had to be filtered`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Node sends no header without a value, and throws instead. */
function present(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

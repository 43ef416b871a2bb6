import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import type { ClientHosts } from './client-hosts.ts';

const TIMEOUT_MS = 2500;
const MAX_BYTES = 64 * 1024;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** All addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface AskParts {
  readonly hosts: ClientHosts;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** What is asked; with `form` it is a POST. */
interface Question {
  readonly accept: string;
  readonly form?: URLSearchParams;
}

/**
 * Asks an address that a client gave, within limits that hold whoever answers: 2.5 s in all, 64 KiB, no redirect, no
 * compression, no address inside (attack rows A154 to A156). Each time has a connection of its own, so that the address
 * which is checked is the one that is used. Of an answer that is not 200 the text is not read.
 *
 * @throws Error that says why there is no answer
 */
export async function askClient(
  location: string,
  { accept, form }: Question,
  { hosts, lookup = lookupAll }: AskParts,
): Promise<Answer> {
  const url = new URL(location);
  if (!hosts.mayAsk(url)) throw new Error('it must be at an https URL');
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  // Of an address that stands in the URL itself Node looks nothing up.
  if (isIP(literal) !== 0) assertReachable(url, literal, hosts);
  const { request } = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const outgoing = request(url, {
    method: form ? 'POST' : 'GET',
    agent: false,
    headers: { accept, 'accept-encoding': 'identity', ...(form ? FORM : {}) },
    lookup: guardedLookup(url, hosts, lookup),
    signal,
  });
  // Ending it may be reported once more when nobody waits any longer.
  outgoing.on('error', () => undefined);
  try {
    const answered = once(outgoing, 'response') as Promise<[http.IncomingMessage]>;
    outgoing.end(form?.toString());
    const [incoming] = await answered;
    const status = incoming.statusCode ?? 0;
    return { status, headers: incoming.headers, text: status === 200 ? await readWhole(incoming) : '' };
  } catch (error) {
    throw signal.aborted ? new Error(`it took longer than ${TIMEOUT_MS} ms`) : error;
  } finally {
    outgoing.destroy();
  }
}

/** Why there was no answer. Where several addresses were tried, Node's error has a code and no message. */
export function reasonOfAsking(error: unknown): string {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return [message, code, error].filter(Boolean).map(String)[0] ?? 'it could not be reached';
}

async function readWhole(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Looks a name up for one connection, which then goes to an address that was looked at, or nowhere. */
function guardedLookup(url: URL, hosts: ClientHosts, lookup: Lookup): LookupFunction {
  return (hostname, { all }, callback) => {
    lookup(hostname)
      .then((addresses) => {
        for (const { address } of addresses) assertReachable(url, address, hosts);
        const [first] = addresses;
        if (!first) throw new Error(`${hostname} has no address`);
        return { addresses, first };
      })
      .then(
        ({ addresses, first }) =>
          all ? callback(null, [...addresses]) : callback(null, first.address, first.family),
        (error: unknown) => callback(error as NodeJS.ErrnoException, []),
      );
  };
}

function assertReachable(url: URL, address: string, hosts: ClientHosts): void {
  if (hosts.mayConnect(url, address)) return;
  throw new Error(`it is at ${address}, a private address that clientKeys.allowPrivate does not name`);
}

function lookupAll(hostname: string): Promise<LookupAddress[]> {
  return systemLookup(hostname, { all: true });
}

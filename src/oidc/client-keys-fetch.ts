import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import { keepSeconds, readKeySet, type KeyHosts, type PublicKey } from '../clients/index.ts';

const TIMEOUT_MS = 2500;
const MAX_BYTES = 64 * 1024;

/** All addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export type FetchedKeySet =
  | { readonly ok: true; readonly keys: readonly PublicKey[]; readonly keepSeconds: number }
  | {
      readonly ok: false;
      readonly problem: 'unavailable' | 'private-key';
      /** For the operator. */
      readonly reason: string;
    };

export interface FetchParts {
  readonly hosts: KeyHosts;
  readonly lookup?: Lookup;
}

/**
 * Fetches one key set, within limits that hold whoever answers: 2.5 s in all, 64 KiB, no redirect, no compression, no
 * address inside (CLI-16, CLI-21, attack rows A154 to A156). Each fetch has a connection of its own, so that the address
 * which is checked is the one that is used.
 */
export async function fetchKeySet(location: string, parts: FetchParts): Promise<FetchedKeySet> {
  const unavailable = (reason: string): FetchedKeySet => ({ ok: false, problem: 'unavailable', reason });
  const url = new URL(location);
  if (!parts.hosts.mayAsk(url)) return unavailable('it must be at an https URL');
  try {
    const { status, headers, text } = await get(url, parts);
    if (status !== 200) return unavailable(`it answered ${status}`);
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') return unavailable(`it came as ${encoding}, which was not asked for`);
    const read = readKeySet(text);
    if (read.ok) return { ...read, keepSeconds: keepSeconds(headers['cache-control'], headers.age) };
    if (read.problem !== 'private-key') return unavailable(`what it answered is ${read.problem}`);
    return {
      ok: false,
      problem: 'private-key',
      reason: 'it shows a private key; the client must replace it',
    };
  } catch (error) {
    return unavailable(reasonOf(error));
  }
}

/** Where several addresses were tried, Node's error has a code and no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return [message, code, error].filter(Boolean).map(String)[0] ?? 'it could not be reached';
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

async function get(url: URL, { hosts, lookup = lookupAll }: FetchParts): Promise<Answer> {
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  // Of an address that stands in the URL itself Node looks nothing up.
  if (isIP(literal) !== 0) assertReachable(url, literal, hosts);
  const { request } = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const outgoing = request(url, {
    method: 'GET',
    agent: false,
    headers: { accept: 'application/json', 'accept-encoding': 'identity' },
    lookup: guardedLookup(url, hosts, lookup),
    signal,
  });
  // Ending it may be reported once more when nobody waits any longer.
  outgoing.on('error', () => undefined);
  try {
    const answered = once(outgoing, 'response') as Promise<[http.IncomingMessage]>;
    outgoing.end();
    const [incoming] = await answered;
    const status = incoming.statusCode ?? 0;
    return { status, headers: incoming.headers, text: status === 200 ? await readWhole(incoming) : '' };
  } catch (error) {
    throw signal.aborted ? new Error(`it took longer than ${TIMEOUT_MS} ms`) : error;
  } finally {
    outgoing.destroy();
  }
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
function guardedLookup(url: URL, hosts: KeyHosts, lookup: Lookup): LookupFunction {
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

function assertReachable(url: URL, address: string, hosts: KeyHosts): void {
  if (hosts.mayConnect(url, address)) return;
  throw new Error(`it is at ${address}, a private address that clientKeys.allowPrivate does not name`);
}

function lookupAll(hostname: string): Promise<LookupAddress[]> {
  return systemLookup(hostname, { all: true });
}

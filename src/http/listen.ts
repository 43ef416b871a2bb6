import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createHttpTerminator, type HttpTerminator } from 'http-terminator';
import type Koa from 'koa';

const DRAIN_MS = 25_000;
/** How long requests that are on their way still get in after we were asked to stop. */
const SETTLE_MS = 100;
/** Slow headers and bodies end here (attack row A118). */
const REQUEST_TIMEOUT_MS = 10_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An app with a port of its own. */
export interface Listener {
  /** @throws the system's error, with the address in it, when the port cannot be had */
  listen(address: Address): Promise<number>;
  /** No new connections; what is under way ends, in 25 s at most. Nothing to do when it never listened. */
  close(): Promise<void>;
}

/** A certificate chain and its private key, as PEM. */
export interface TlsPair {
  readonly certificate: string;
  readonly key: { reveal(): string };
}

/** TLS 1.3, and of 1.2 what has forward secrecy and authenticated encryption (SEC-6, RFC 9325 §4.2). */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':');

/** An http server, or, with a certificate, one for https. */
export function createWebServer(handler: RequestListener, tls?: TlsPair): Server {
  if (!tls) return createServer(handler);
  const { certificate: cert } = tls;
  const key = tls.key.reveal();
  return createTlsServer({ cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS }, handler);
}

export function createListener(app: Koa, tls?: TlsPair): Listener {
  return listenerOf(app.callback(), tls);
}

/** @param requestTimeoutMs how long a request may take to arrive as a whole; default 10 s, which is enough for a form */
export function listenerOf(
  handler: RequestListener,
  tls?: TlsPair,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
): Listener {
  const server = createWebServer(handler, tls);
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = requestTimeoutMs;
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: DRAIN_MS });
  return { listen: (address) => listen(server, address), close: () => drain(server, terminator) };
}

/**
 * A bare terminator cuts connections whose request we have not read yet, and goes on accepting others only to cut them.
 * So first every answer ends its connection, then we stop listening, then it ends what is idle and waits for the rest.
 */
async function drain(server: Server, terminator: HttpTerminator): Promise<void> {
  if (!server.listening) return;
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  await delay(SETTLE_MS);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // It closes the server as its last step, and would complain that this is done.
  await Promise.race([closed, terminator.terminate().catch(() => undefined)]);
}

function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

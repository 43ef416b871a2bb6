import { X509Certificate, constants, createPrivateKey } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import { createHttpTerminator, type HttpTerminator } from 'http-terminator';
import type Koa from 'koa';

import { isFips, tlsRulesFor, type TlsPolicy } from '../algorithms/index.ts';

/** With the time until nobody comes any more, 25 s. */
const DRAIN_MS = 23_000;
/** After we were asked to stop, requests that are on their way still get in: until none came for so long, */
const SETTLE_MS = 100;
/** and no longer than this, where somebody goes on sending them. */
const MOST_SETTLE_MS = 2000;
/** Who says nothing, or half of something, holds a connection no longer. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Slow headers and bodies end here, ten seconds at most with the look that finds them (attack row A118). */
const REQUEST_TIMEOUT_MS = 9000;
/** How often it is looked for requests that take too long; Node looks every 30 seconds. */
const LOOK_EVERY_MS = 500;

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
  /**
   * Uses another certificate from the next connection on; those that are open go on.
   *
   * @throws Error when OpenSSL does not take it: then nothing has changed
   */
  renew(tls: TlsPair): void;
}

/** A certificate chain and its private key, as PEM. */
export interface TlsPair {
  readonly certificate: string;
  readonly key: { reveal(): string };
  /** Which versions and suites; default `compatible`. */
  readonly policy?: TlsPolicy;
}

/** An http server, or, with a certificate, one for https. */
export function createWebServer(handler: RequestListener, tls?: TlsPair): Server | TlsServer {
  const options = { connectionsCheckingInterval: LOOK_EVERY_MS };
  if (!tls) return createServer(options, handler);
  return createTlsServer({ ...contextOf(tls), ...options, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, handler);
}

/** Everything of it stands in each context: a certificate that is put in later is not to bring back what was left out. */
function contextOf({ certificate: cert, key, policy = 'compatible' }: TlsPair): SecureContextOptions {
  // OpenSSL takes a key of another kind beside the certificate, and then no handshake succeeds.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key.reveal())))
    throw new Error('the private key does not belong to the certificate');
  return {
    ...tlsRulesFor(policy, isFips()),
    ...{ cert, key: key.reveal(), honorCipherOrder: true },
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  };
}

export function createListener(app: Koa, tls?: TlsPair): Listener {
  return listenerOf(app.callback(), tls);
}

/** @param requestTimeoutMs how long a request may take to arrive as a whole; default 9 s, which is enough for a form */
export function listenerOf(
  handler: RequestListener,
  tls?: TlsPair,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
): Listener {
  const server = createWebServer(handler, tls);
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = requestTimeoutMs;
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: DRAIN_MS });
  return {
    listen: (address) => listen(server, address),
    close: () => drain(server, terminator),
    renew: (next) => {
      if ('setSecureContext' in server) server.setSecureContext(contextOf(next));
    },
  };
}

/**
 * A bare terminator cuts connections whose request we have not read yet, and goes on accepting others only to cut them.
 * So first every answer ends its connection, then we stop listening, then it ends what is idle and waits for the rest.
 */
async function drain(server: Server, terminator: HttpTerminator): Promise<void> {
  if (!server.listening) return;
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  await untilQuiet(server);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // It closes the server as its last step, and would complain that this is done.
  await Promise.race([closed, terminator.terminate().catch(() => undefined)]);
}

/** What waits while this process is busy gets in after its timers, so that is when we look. */
async function untilQuiet(server: Server): Promise<void> {
  const latest = performance.now() + MOST_SETTLE_MS;
  let hasCome = true;
  const note = (): void => void (hasCome = true);
  server.on('connection', note).on('request', note);
  while (hasCome && performance.now() < latest) {
    hasCome = false;
    await delay(SETTLE_MS);
    await turn();
  }
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

import { createServer, type Server } from 'node:http';
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

export function createListener(app: Koa): Listener {
  const server = createServer(app.callback());
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
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

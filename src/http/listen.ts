import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpTerminator } from 'http-terminator';
import type Koa from 'koa';

const DRAIN_MS = 25_000;
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
  /** No new connections; what is under way ends, in 25 s at most. */
  close(): Promise<void>;
}

export function createListener(app: Koa): Listener {
  const server = createServer(app.callback());
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: DRAIN_MS });
  return { listen: (address) => listen(server, address), close: () => terminator.terminate() };
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

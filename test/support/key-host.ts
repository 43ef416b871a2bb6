import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the host answers from now on; a function answers by itself, or not at all. */
export type KeyAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly keys?: readonly unknown[];
      readonly body?: string;
    }
  | RequestListener;

/** An HTTP server on loopback with a client's key set, that does what the test tells it to and counts. */
export interface KeyHost {
  readonly url: string;
  readonly port: number;
  readonly requests: IncomingMessage[];
  readonly connections: number;
  answer(answer: KeyAnswer): void;
  close(): Promise<void>;
}

export async function startKeyHost(): Promise<KeyHost> {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  let current: KeyAnswer = { keys: [] };
  const server = createServer((request, response) => {
    requests.push(request);
    if (typeof current === 'function') current(request, response);
    else send(response, current);
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/jwks.json`,
    port,
    requests,
    get connections() {
      return connections;
    },
    answer: (answer) => {
      current = answer;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, answer: Exclude<KeyAnswer, RequestListener>): void {
  const { status = 200, headers = {}, keys = [], body = JSON.stringify({ keys }) } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

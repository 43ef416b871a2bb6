import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Put {
  readonly resource: {
    readonly resourceType: string;
    readonly id: string;
    readonly [member: string]: unknown;
  };
  readonly request: { readonly method: string; readonly url: string; readonly ifMatch?: string };
}

/** A FHIR server that takes transactions and answers as it is told. */
export interface StubFhir {
  readonly url: string;
  /** The entries of each transaction that was sent, in order. */
  readonly sent: Put[][];
  /** Those that came with Consents. */
  readonly tokens: Set<string>;
  /** What is there of a Consent; default: nothing. */
  consent: object | undefined;
  /** Answers the next transactions; default: takes them. */
  answer: ((entries: readonly Put[], response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

export async function startStubFhir(): Promise<StubFhir> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/r4`;
  const stub: StubFhir = {
    ...{ url, sent: [], tokens: new Set(), consent: undefined, answer: undefined },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url?.startsWith('/r4/Patient/'))
      return answerWith(response, 200, { resourceType: 'Patient', id: request.url.split('/').at(-1) });
    stub.tokens.add((request.headers.authorization ?? '').replace('Bearer ', ''));
    if (request.method === 'GET') return answerWith(response, stub.consent ? 200 : 404, stub.consent ?? {});
    const { entry } = JSON.parse(body) as { entry: Put[] };
    stub.sent.push(entry);
    if (stub.answer) return stub.answer(entry, response);
    answerWith(response, 200, { resourceType: 'Bundle', type: 'transaction-response' });
  }
  return stub;
}

export function answerWith(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/fhir+json' });
  response.end(JSON.stringify(body));
}

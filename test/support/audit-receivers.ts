import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

import type { TestCertificate } from './certificate.ts';
import { answerWith } from './stub-fhir.ts';

/** A syslog receiver that speaks RFC 5425, and keeps what it has read. */
export interface SyslogReceiver {
  readonly port: number;
  readonly messages: string[];
  /** Of clients that showed one. */
  readonly subjects: Set<string>;
  /** How a connection is treated: taken, or cut after its first bytes as by a process that is killed. */
  mode: 'take' | 'cut';
  close(): Promise<void>;
}

export async function startSyslogReceiver(
  { certificate, key }: Pick<TestCertificate, 'certificate' | 'key'>,
  options: { readonly clientsBy?: string; readonly port?: number } = {},
): Promise<SyslogReceiver> {
  const sockets = new Set<TLSSocket>();
  const raw = new Map<number, Socket>();
  const mutual = options.clientsBy === undefined ? {} : { ca: options.clientsBy, requestCert: true };
  const server = createTlsServer({ cert: certificate, key, ...mutual, rejectUnauthorized: 'ca' in mutual });
  const receiver: SyslogReceiver = {
    ...{ port: 0, messages: [], subjects: new Set<string>(), mode: 'take' },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const { subject } = socket.getPeerCertificate();
    if (subject) receiver.subjects.add(String(subject.CN));
    let unread: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      if (receiver.mode === 'cut') return void raw.get(socket.remotePort ?? 0)?.resetAndDestroy();
      unread = Buffer.concat([unread, chunk]);
      unread = takeFrames(unread, receiver.messages);
    });
  });
  // What runs inside cannot be reset, only what carries it.
  server.on('connection', (socket: Socket) => raw.set(socket.remotePort ?? 0, socket));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return Object.assign(receiver, { port: (server.address() as AddressInfo).port });
}

/** Octet counting: `<length> <message>`, nothing in between. */
function takeFrames(bytes: Buffer, messages: string[]): Buffer {
  let rest = bytes;
  for (;;) {
    const space = rest.indexOf(' ');
    if (space < 0) return rest;
    const length = Number(rest.toString('ascii', 0, space));
    if (!Number.isInteger(length)) throw new Error(`no length: ${rest.toString('utf8', 0, 40)}`);
    if (rest.length < space + 1 + length) return rest;
    messages.push(rest.toString('utf8', space + 1, space + 1 + length));
    rest = rest.subarray(space + 1 + length);
  }
}

/** A FHIR server that keeps AuditEvents, by PUT and in batches. */
export interface AuditRepository {
  readonly url: string;
  /** By id, in the order in which they came first. */
  readonly events: Map<string, Record<string, unknown>>;
  requests: number;
  takesBatches: boolean;
  /** Answers instead, while it is set. */
  instead: ((response: ServerResponse) => void) | undefined;
  /** Is never taken. */
  refuses: (event: Record<string, unknown>) => boolean;
  close(): Promise<void>;
}

export async function startAuditRepository(): Promise<AuditRepository> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const repository: AuditRepository = {
    url: `http://localhost:${(server.address() as AddressInfo).port}/r4`,
    ...{ events: new Map(), requests: 0, takesBatches: true, instead: undefined, refuses: () => false },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const put = (event: Record<string, unknown>): number => {
    if (repository.refuses(event)) return 422;
    const id = String(event['id']);
    const status = repository.events.has(id) ? 200 : 201;
    repository.events.set(id, event);
    return status;
  };
  const wrong = { resourceType: 'OperationOutcome', issue: [{ diagnostics: 'not as we like it' }] };
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    repository.requests += 1;
    if (repository.instead) return repository.instead(response);
    if (!request.headers.authorization?.startsWith('Bearer ')) return answerWith(response, 403, {});
    if (request.method === 'PUT') {
      const status = put(JSON.parse(body) as Record<string, unknown>);
      return answerWith(response, status, status === 422 ? wrong : {});
    }
    if (!repository.takesBatches) return answerWith(response, 400, wrong);
    const { entry } = JSON.parse(body) as { entry: { resource: Record<string, unknown> }[] };
    const told = entry.map(({ resource }) => {
      const status = put(resource);
      return { response: { status: `${status}`, ...(status === 422 ? { outcome: wrong } : {}) } };
    });
    answerWith(response, 200, { resourceType: 'Bundle', type: 'batch-response', entry: told });
  }
  return repository;
}

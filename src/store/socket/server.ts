import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { StoreUnavailable, type StoreDriver } from '../driver.ts';
import { SOCKET_NAME, reachable } from './path.ts';
import { MAX_CALL_BYTES, METHODS, PROTOCOL, fromWire, toWire, type Hello, type Method } from './wire.ts';

const OWNER_ONLY = 0o600;
/** What is under way when the server ends may take this long. */
const CLOSE_TIMEOUT_MS = 2000;

/** The side door of a server's store. */
export interface StoreSocket {
  close(): Promise<void>;
}

/**
 * Lets the command line use a server's store, through `gatehouse.sock` in its folder. Whoever may open the socket may do
 * with the store what the file's owner may: it is for the same user only. A socket that a killed server left is
 * replaced; the caller holds the server lock.
 *
 * @throws StoreUnavailable when the folder takes no socket
 */
export async function serveStore(driver: StoreDriver, folder: string): Promise<StoreSocket> {
  const place = path.join(folder, SOCKET_NAME);
  const near = reachable(folder);
  const server = createServer((request, response) => void answer(driver, request, response));
  // A command thinks between two calls, or waits for its user.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  // By itself it keeps no process alive.
  server.unref();
  const fresh = path.join(near.path, `${SOCKET_NAME}.new`);
  try {
    rmSync(fresh, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Bound under another name first: under its own, nobody ever finds it open to others.
      server.listen(fresh, resolve);
    });
    chmodSync(fresh, OWNER_ONLY);
    renameSync(fresh, place);
  } catch (cause) {
    server.close();
    throw new StoreUnavailable(
      `cannot make ${place}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  } finally {
    near.release();
  }
  return {
    async close() {
      rmSync(place, { force: true });
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      await ended.finally(() => clearTimeout(late));
    },
  };
}

async function answer(
  driver: StoreDriver,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(toWire(body));
  };
  const [, version, method] = (request.url ?? '').split('/');
  if (version !== PROTOCOL || request.method !== 'POST') {
    reply(400, {
      error: `the running server is of another version: it speaks ${PROTOCOL}, not ${version ?? ''}`,
    });
    return;
  }
  try {
    const args = await argumentsOf(request);
    if (method === 'hello') reply(200, { result: { location: driver.location } satisfies Hello });
    else if (method === 'dump') await pipeline(Readable.from(dumpLines(driver)), response);
    else if (isMethod(method)) reply(200, { result: await call(driver, method, args) });
    else reply(404, { error: `the store has no ${method ?? 'such method'}` });
  } catch (error) {
    if (response.headersSent) response.destroy();
    else reply(503, { error: messageOf(error) });
  }
}

/** Both sides are of one version, so the arguments are those of the port. */
function call(driver: StoreDriver, method: Method, args: readonly unknown[]): Promise<unknown> {
  const own = Reflect.get(driver, method) as (...given: readonly unknown[]) => Promise<unknown>;
  return Reflect.apply(own, driver, args);
}

async function* dumpLines(driver: StoreDriver): AsyncGenerator<string> {
  try {
    for await (const rows of driver.dump()) yield `${toWire({ result: rows })}\n`;
    yield `${toWire({ end: true })}\n`;
  } catch (error) {
    yield `${toWire({ error: messageOf(error) })}\n`;
  }
}

async function argumentsOf(request: IncomingMessage): Promise<readonly unknown[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CALL_BYTES) throw new RangeError(`a call may have ${MAX_CALL_BYTES} bytes`);
    chunks.push(chunk);
  }
  const args = fromWire(Buffer.concat(chunks).toString());
  if (Array.isArray(args)) return args as readonly unknown[];
  throw new TypeError('the arguments of a call are an array');
}

function isMethod(name: string | undefined): name is Method {
  return METHODS.some((method) => method === name);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

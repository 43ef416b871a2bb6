import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that systems take the ports of outgoing connections from: one that is free now stays so. */
const FROM = 12_000;
const TO = 32_000;
const ATTEMPTS = 50;
/** Each process of a test run has ports of its own: between a look and the server that takes it may be seconds. */
const SHARES = 8;
const SHARE = (TO - FROM) / SHARES;
const FIRST = FROM + (Number(process.env['JEST_WORKER_ID'] ?? 1) % SHARES) * SHARE;

/** Begins anywhere, for the sake of other test runs, and gives a file of tests none twice. */
let next = Math.floor(Math.random() * SHARE);

/** A loopback port nobody listens on right now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + next;
    next = (next + 1) % SHARE;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${FIRST + SHARE}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import Koa from 'koa';

import { securityHeaders } from '../../../src/http/index.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function headersFor(issuer: string): Promise<Headers> {
  const app = new Koa();
  app.use(securityHeaders(issuer));
  const handle = app.callback();
  const started = createServer((request, response) => void handle(request, response));
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (await fetch(`http://127.0.0.1:${(started.address() as AddressInfo).port}/`)).headers;
}

test.each([
  ['https://auth.example.org', 'max-age=31536000; includeSubDomains'],
  ['https://localhost:3443', null],
  ['http://localhost:3000', null],
])(
  '[GEN-03] %s: browsers are told to come back over TLS only where that is for the host alone: %s',
  async (issuer, expected) => {
    expect((await headersFor(issuer)).get('strict-transport-security')).toBe(expected);
  },
);

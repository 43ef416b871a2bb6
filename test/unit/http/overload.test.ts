import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import Koa, { type Middleware } from 'koa';

import { answerErrors, msLeft, shedLoad, withDeadline } from '../../../src/http/index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function asked(path: string, ...middleware: Middleware[]): Promise<Response> {
  const app = new Koa();
  app.use(
    answerErrors(
      () => undefined,
      () => undefined,
      () => false,
    ),
  );
  for (const one of middleware) app.use(one);
  const handle = app.callback();
  const started = createServer((request, response) => void handle(request, response));
  servers.push(started);
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return fetch(`http://127.0.0.1:${(started.address() as AddressInfo).port}${path}`);
}

test('[C2.11] a request that takes too long is answered 503, and knows that its client has been told', async () => {
  const seen: boolean[] = [];
  const response = await asked('/token', withDeadline(50), async (ctx) => {
    seen.push(msLeft() <= 0);
    await delay(120);
    seen.push(msLeft() <= 0);
    ctx.body = { access_token: 'late' };
  });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  const body = await response.text();
  expect(body).toMatch(/"error":"temporarily_unavailable".*the request took too long; try again shortly/);
  await delay(120);
  expect(seen).toEqual([false, true]);
});

test('[C2.11] one that does not is answered as ever, and nothing is late outside of a request', async () => {
  const response = await asked('/token', withDeadline(1000), (ctx) => {
    ctx.body = { isPast: msLeft() <= 0 };
  });
  expect(await response.json()).toEqual({ isPast: false });
  expect(msLeft() <= 0).toBe(false);
});

test.each([
  [150, { '/authorize': 200, '/token': 200, '/revoke': 200, '/introspect': 200 }],
  [250, { '/authorize': 503, '/launches': 503, '/token': 200, '/interaction/x': 200 }],
  [900, { '/authorize': 503, '/token': 503, '/revoke': 200, '/introspect': 200, '/jwks': 200 }],
])('[C2.11] at %i ms of delay: %j', async (lag, expected) => {
  const found: Record<string, number> = {};
  const shed: string[] = [];
  for (const path of Object.keys(expected)) {
    const response = await asked(
      path,
      shedLoad({ lag: () => lag }, (one) => void shed.push(one)),
      (ctx) => {
        ctx.body = 'ok';
      },
    );
    found[path] = response.status;
  }
  expect(found).toEqual(expected);
  expect(shed).toEqual(Object.keys(expected).filter((path) => found[path] === 503));
});

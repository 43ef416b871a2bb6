import { afterAll, beforeAll } from '@jest/globals';

import type { ConfigInput } from '../../src/config/index.ts';
import { startGatehouse, testStore, type DriverName, type TestServer, type TestStore } from './gatehouse.ts';
import { freePort } from './ports.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON answer; else empty. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address the request comes from, as the proxy in front says. */
  readonly from?: string;
}

/** Two servers of one issuer on one store, behind a proxy that says who asks. */
export interface Nodes {
  readonly issuer: string;
  readonly store: TestStore;
  readonly servers: readonly [TestServer, TestServer];
  /** Sends a request to one of them: POST with a form or JSON, else GET. */
  ask(node: 0 | 1, path: string, sent?: Sent): Promise<Answer>;
}

export function nodesOn(
  driver: DriverName,
  configure: (issuer: string) => Partial<ConfigInput> | Promise<Partial<ConfigInput>>,
  options: Parameters<typeof startGatehouse>[3] = {},
): Nodes {
  let running: { store: TestStore; servers: [TestServer, TestServer]; ports: [number, number] } | undefined;
  const current = () => {
    if (!running) throw new Error('the servers run only while tests do');
    return running;
  };
  beforeAll(async () => {
    const ports: [number, number] = [await freePort(), await freePort()];
    const issuer = `http://localhost:${ports[0]}`;
    const config = { ...(await configure(issuer)), issuer, trustProxy: true };
    const store = await testStore(driver);
    const first = await startGatehouse(store, config, ports[0], options);
    running = { store, ports, servers: [first, await startGatehouse(store, config, ports[1], options)] };
  });
  afterAll(async () => {
    await Promise.all(running?.servers.map((server) => server.close()) ?? []);
    await running?.store.dispose();
  });
  return {
    get issuer() {
      return current().servers[0].issuer;
    },
    get store() {
      return current().store;
    },
    get servers() {
      return current().servers;
    },
    async ask(node, path, { form, json, headers = {}, from = '192.0.2.1' } = {}) {
      const { ports, servers } = current();
      const body = form ? new URLSearchParams(form) : json && JSON.stringify(json);
      const response = await fetch(`http://localhost:${ports[node]}${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body }),
        redirect: 'manual',
        headers: {
          ...(json ? { 'content-type': 'application/json' } : {}),
          'x-forwarded-host': new URL(servers[0].issuer).host,
          'x-forwarded-for': from,
          ...headers,
        },
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : {},
      };
    },
  };
}

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DemoResource } from '../../../src/demo/data/fhir.ts';
import { createFhirServer, type DemoLogEntry } from '../../../src/demo/index.ts';
import { createIntrospector } from '../../../src/resource-server/index.ts';

export interface Running {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves on a free port of the loopback interface. */
export async function listen(handlerFor: (url: string) => RequestListener): Promise<Running> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  server.on('request', handlerFor(url));
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface DemoFhir {
  readonly base: string;
  readonly logged: DemoLogEntry[];
  /** Makes up a token that the authorization server will describe like this. */
  readonly token: (scope: string, more?: Readonly<Record<string, unknown>>) => string;
  /** A GET, or a form POST when there is a form. */
  readonly ask: (path: string, token?: string, init?: RequestInit) => Promise<Response>;
  /** What the authorization server answers when it does not answer properly. */
  authServerStatus: number;
  /** The capabilities in its SMART configuration. */
  capabilities: readonly string[];
  readonly close: () => Promise<void>;
}

/** The demo FHIR server in front of a small authorization server of our own. */
export async function startFhir(resources?: readonly DemoResource[]): Promise<DemoFhir> {
  const tokens = new Map<string, object>();
  const logged: DemoLogEntry[] = [];
  const auth = await listen((url) => (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const known = tokens.get(new URLSearchParams(body).get('token') ?? '') ?? { active: false };
      const document = {
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        capabilities: fhir.capabilities,
      };
      response.writeHead(fhir.authServerStatus, { 'content-type': 'application/json' });
      response.end(JSON.stringify(request.url === '/introspect' ? known : document));
    });
  });
  const server = await listen((url) => {
    const fhirBaseUrl = `${url}/fhir/r4`;
    const introspect = createIntrospector({
      endpoint: `${auth.url}/introspect`,
      clientId: 'demo-fhir-server',
      clientSecret: 'secret',
      fhirBaseUrl,
    });
    const log = (entry: DemoLogEntry) => void logged.push(entry);
    const app = createFhirServer({
      fhirBaseUrl,
      introspect,
      discoveryUrl: `${auth.url}/smart`,
      log,
      ...(resources ? { resources } : {}),
    });
    const handle = app.callback();
    return (request, response) => void handle(request, response);
  });
  const base = `${server.url}/fhir/r4`;
  const fhir: DemoFhir = {
    base,
    logged,
    authServerStatus: 200,
    capabilities: ['permission-v1', 'permission-v2'],
    token: (scope, more = {}) => {
      const token = `token-${tokens.size}`;
      tokens.set(token, { active: true, scope, client_id: 'app', exp: 4_000_000_000, aud: base, ...more });
      return token;
    },
    ask: (path, token, init = {}) => {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
      return fetch(path.startsWith('http') ? path : `${base}${path}`, { ...init, headers });
    },
    close: async () => {
      await server.close();
      await auth.close();
    },
  };
  return fhir;
}

/** What the tests look at in a resource. */
export interface Resource {
  readonly id: string;
  readonly category: readonly { readonly coding: readonly { readonly code: string }[] }[];
}

export interface Bundle {
  readonly total: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry: readonly { readonly resource: Resource }[];
}

export async function bundleOf(response: Response): Promise<Bundle> {
  return (await response.json()) as Bundle;
}

/** The resources of a searchset, in order. */
export async function entries(response: Response): Promise<Resource[]> {
  return (await bundleOf(response)).entry.map(({ resource }) => resource);
}

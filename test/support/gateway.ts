import { afterAll, beforeAll } from '@jest/globals';
import { createServer, type Server } from 'node:http';

import type { AuditRecord } from '../../src/audit/index.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, keyedClient, type KeyedClient } from './clients.ts';
import { backendToken } from './ehr.ts';
import { authorize, redeem } from './flow.ts';
import { freePort } from './ports.ts';
import { gatehouseOn } from './suite.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- FHIR JSON of any kind
  readonly json: any;
}

export interface GatewaySuite {
  readonly base: string;
  readonly upstream: Upstream;
  readonly audit: AuditRecord[];
  readonly problems: string[];
  /** A token of Amy (`Patient/p1`), with these scopes. */
  tokenOf(scope: string): Promise<string>;
  /** A token of a practitioner. */
  doctorsToken(scope: string): Promise<string>;
  systemToken(scope: string): Promise<string>;
  readonly ask: (
    token: string | undefined,
    method: string,
    path: string,
    more?: { body?: unknown; headers?: Record<string, string>; form?: string },
  ) => Promise<Answered>;
  flush(): Promise<void>;
}

/** A Gatehouse, a FHIR server that knows no tokens, and the gateway between. */
export function gatewaySuite(options: Partial<GatewayOptions> = {}): GatewaySuite {
  let [base, port] = ['', 0];
  let upstream: Upstream;
  let server: Server;
  let gateway: Gateway;
  let backend: KeyedClient;
  const audit: AuditRecord[] = [];
  const problems: string[] = [];
  const suite = gatehouseOn('embedded', async () => {
    port = await freePort();
    base = `http://localhost:${port}/fhir`;
    backend = await keyedClient('backend', 'ES384', { scope: 'system/*.cruds' });
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, backend.registration],
      fhirServers: [{ id: 'main', name: 'Main', url: base }],
    };
  });
  beforeAll(async () => {
    upstream = await startUpstream();
    gateway = createGateway(
      {
        ...{ upstream: upstream.url, fhirBaseUrl: base, issuer: suite.server.issuer },
        credentials: { clientId: 'fhir-server', clientSecret: RS_SECRET },
        ...options,
      },
      {
        audit: { record: async (event) => void audit.push(event as AuditRecord) },
        onProblem: (detail) => void problems.push(detail),
      },
    );
    server = createServer(gateway.handle).listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await gateway.close();
    await upstream.stop();
  });
  const issue = async (username: string, scope: string): Promise<string> => {
    const { issuer } = suite.server;
    const code = await authorize(issuer, { username, scope, params: { aud: base }, patient: 'p1' });
    return (await redeem(issuer, code)).body.access_token;
  };
  return {
    get base() {
      return base;
    },
    get upstream() {
      return upstream;
    },
    audit,
    problems,
    tokenOf: (scope) => issue('amy', `launch/patient ${scope}`),
    doctorsToken: (scope) => issue('dora', `openid fhirUser ${scope}`),
    systemToken: async (scope) => (await backendToken(suite.server.issuer, backend, scope)).body.access_token,
    async ask(token, method, path, { body, headers = {}, form } = {}) {
      const response = await fetch(base + path, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(form === undefined ? {} : { body: form }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        json: text === '' ? undefined : JSON.parse(text),
      };
    },
    flush: () => gateway.flush(),
  };
}

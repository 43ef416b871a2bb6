import { createServer, type Server } from 'node:http';

import { createFhirServer, type FhirServerOptions } from '../../src/demo/index.ts';
import { createIntrospector } from '../../src/resource-server/index.ts';
import { RESOURCE_SERVER, RS_SECRET } from './clients.ts';
import { freePort } from './ports.ts';

export interface TestFhirServer {
  readonly base: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The demo's FHIR server, asking the Gatehouse of this issuer about tokens. It can go away and come back. */
export async function fhirServerFor(
  issuer: string,
  options: Pick<FhirServerOptions, 'resources' | 'keepIn'> = {},
): Promise<TestFhirServer> {
  const port = await freePort();
  const base = `http://localhost:${port}/fhir`;
  const introspect = createIntrospector({
    endpoint: `${issuer}/introspect`,
    clientId: RESOURCE_SERVER.client_id,
    clientSecret: RS_SECRET,
    fhirBaseUrl: base,
  });
  const discoveryUrl = `${issuer}/fhir-servers/main/.well-known/smart-configuration`;
  let server: Server | undefined;
  return {
    base,
    start: () =>
      new Promise((resolve) => {
        // Made anew each time, as by another process: what it was sent it knows from its file alone.
        const handle = createFhirServer({
          fhirBaseUrl: base,
          introspect,
          discoveryUrl,
          ...options,
        }).callback();
        server = createServer((request, response) => void handle(request, response));
        server.listen(port, '127.0.0.1', resolve);
      }),
    stop: () =>
      new Promise((resolve) => {
        if (!server) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
        server = undefined;
      }),
  };
}

// One of the servers that `npm run bench -- gateway` compares: a FHIR server that answers a Bundle of 100 KB from memory, a
// plain streaming proxy in front of it, and the gateway.
import { Agent, createServer, request, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

import { createGateway } from '../../src/gateway/index.ts';
import { beMeasured } from './measured-server.ts';

export const BASE = '/fhir/r4';
const ISSUER = 'http://localhost:1';
const FHIR = `https://ehr.example${BASE}`;
const BYTES = 100 * 1024;

interface Orders {
  readonly variant: 'upstream' | 'plain' | 'gateway';
  readonly upstreamPort: number;
}

const { variant, upstreamPort } = JSON.parse(process.argv[2] ?? '') as Orders;
const handler = { upstream, plain, gateway }[variant]();
const server = createServer(handler).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
beMeasured({ port: (server.address() as AddressInfo).port });

function upstream(): RequestListener {
  const entry: object[] = [];
  while (JSON.stringify(entry).length < BYTES)
    entry.push({
      resource: { resourceType: 'Observation', id: `o${entry.length}`, subject: { reference: 'Patient/p1' } },
      search: { mode: 'match' },
    });
  const body = Buffer.from(JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry }));
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/fhir+json', 'content-length': body.byteLength });
    response.end(body);
  };
}

/** What most people write. */
function plain(): RequestListener {
  const agent = new Agent({ keepAlive: true });
  return (from, back) => {
    const headers = { ...from.headers, host: `127.0.0.1:${upstreamPort}` };
    const sent = request(
      { agent, port: upstreamPort, host: '127.0.0.1', method: from.method, path: from.url, headers },
      (answer) => {
        back.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, back, () => undefined);
      },
    );
    sent.on('error', () => back.destroy());
    from.pipe(sent);
  };
}

function gateway(): RequestListener {
  globalThis.fetch = gatehouse;
  const { handle } = createGateway(
    {
      upstream: `http://127.0.0.1:${upstreamPort}${BASE}`,
      fhirBaseUrl: FHIR,
      issuer: ISSUER,
      credentials: { clientId: 'fhir-server', clientSecret: 'only-for-measuring' },
    },
    { audit: { record: async () => undefined }, onProblem: () => undefined },
  );
  return handle;
}

let polls = 0;
/** As much of Gatehouse as is asked. */
async function gatehouse(input: string | URL | Request): Promise<Response> {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const now = Math.floor(Date.now() / 1000);
  if (pathname === '/revocations') {
    polls += 1;
    return Response.json({ cursor: 'c', ended: [], resync: polls === 1, now, age_ms: 0 });
  }
  if (pathname === '/introspect')
    return Response.json({
      ...{
        active: true,
        scope: 'system/*.rs',
        client_id: 'app',
        aud: FHIR,
        iss: ISSUER,
        token_type: 'Bearer',
      },
      ...{ exp: now + 3600, iat: now, grant_ref: 'g1' },
    });
  return Response.json({
    issuer: ISSUER,
    introspection_endpoint: `${ISSUER}/introspect`,
    token_endpoint: `${ISSUER}/token`,
    jwks_uri: `${ISSUER}/jwks`,
  });
}

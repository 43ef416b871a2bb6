import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createGateway, type Gateway } from '../../../src/gateway/index.ts';
import { SHARED_TYPES } from '../../../src/resource-server/patient-record.ts';
import { FHIR_VERSIONS, type FhirVersion } from '../../../src/smart/index.ts';
import {
  isSendable,
  readCorpus,
  requestOf,
  sendRow,
  type Expected,
  type Row,
  type RowAnswer,
} from '../../support/corpus.ts';

const ISSUER = 'http://localhost:1';
const BASE = '/fhir';
const FHIR = `https://ehr.example${BASE}`;
const corpus = readCorpus();
/** The gateway takes what says which page, and looks at every page: it knows no server’s own words, and all of them. */
const PAGES: ReadonlySet<string> = new Set(['control-unknown-getpages', 'control-unknown-offset']);
const rows = corpus.rows.filter((row) => !PAGES.has(row.id) && isSendable(row));
const versionOf = ({ fhirVersion }: Row): FhirVersion => fhirVersion ?? '4.0.1';

/** A server that holds nothing back: whatever is searched, it sends all it has. */
async function startLeaky(): Promise<Server> {
  const all = {
    ...corpus.resources,
    ...Object.assign({}, ...rows.map(({ resources = {} }) => resources)),
  } as Record<string, object>;
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const name = path.slice(1).split('/').slice(0, 2).join('/');
    response.setHeader('content-type', 'application/fhir+json');
    response.setHeader('etag', 'W/"1"');
    const found = all[name];
    if (path === '/metadata') return response.end('{"resourceType":"CapabilityStatement"}');
    const isOne = /^\/[A-Z][A-Za-z]*\/[^/$_]+(\/_history\/[^/]+)?$/.test(path);
    const bundle = {
      resourceType: 'Bundle',
      type: 'searchset',
      total: 99,
      entry: Object.values(all).map((resource) => ({ resource, search: { mode: 'match' } })),
    };
    response.statusCode = isOne && !found ? 404 : 200;
    response.end(JSON.stringify(isOne ? (found ?? { resourceType: 'OperationOutcome', issue: [] }) : bundle));
    request.resume();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** As much of Gatehouse as is asked: a token says which row it is for. */
async function gatehouse(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
  const now = Math.floor(Date.now() / 1000);
  if (pathname === '/revocations') {
    const isFirst = !searchParams.get('after');
    return Response.json({ cursor: 'c', ended: [], resync: isFirst, now: now - 60, age_ms: 0 });
  }
  if (pathname === '/introspect') {
    const text = new URLSearchParams(String(init?.body)).get('token') ?? '';
    const row = rows[Number(text.slice('row-'.length))]!;
    const owner = { client_id: 'app', aud: FHIR, iss: ISSUER, exp: now + 3600, iat: now, grant_ref: text };
    return Response.json({ active: true, scope: row.scopes, ...owner, ...row.context });
  }
  return Response.json({
    issuer: ISSUER,
    introspection_endpoint: `${ISSUER}/introspect`,
    token_endpoint: `${ISSUER}/token`,
    jwks_uri: `${ISSUER}/jwks`,
  });
}

describe('the corpus of scope decisions, through the gateway to a server that holds nothing back', () => {
  let leaky: Server;
  const gateways = new Map<FhirVersion, { readonly gateway: Gateway; readonly server: Server }>();
  beforeAll(async () => {
    leaky = await startLeaky();
    for (const fhirVersion of FHIR_VERSIONS) {
      const gateway = createGateway(
        {
          ...{
            upstream: `http://127.0.0.1:${portOf(leaky)}`,
            fhirBaseUrl: FHIR,
            issuer: ISSUER,
            fhirVersion,
          },
          ...{ credentials: { clientId: 'fhir', clientSecret: 'x' }, fetch: gatehouse },
        },
        { audit: { record: async () => undefined }, onProblem: () => undefined },
      );
      const server = createServer(gateway.handle).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      gateways.set(fhirVersion, { gateway, server });
    }
  });
  afterAll(async () => {
    for (const { gateway, server } of gateways.values()) {
      server.closeAllConnections();
      server.close();
      await gateway.close();
    }
    leaky.closeAllConnections();
    leaky.close();
  });

  const answerTo = (row: Row): Promise<RowAnswer> =>
    sendRow(
      row,
      `http://127.0.0.1:${portOf(gateways.get(versionOf(row))!.server)}${BASE}`,
      `row-${rows.indexOf(row)}`,
    );

  test.each(rows.map((row) => [row.id, row.title, row] as const))(
    '[SEM-01] [SEM-04] [SEM-05] [SEM-14] %s: %s',
    async (_id, _title, row) => {
      const answer = await answerTo(row);
      if (row.request.method === 'HEAD') return;
      if ('entries' in row.expect) return expectNothingHidden(answer, row.expect.entries);
      expectAnswer(answer, row.expect);
    },
  );

  test('[SEM-05] [SEM-19] /check lets nothing through that somebody would have to look at', async () => {
    const through: string[] = [];
    for (const row of rows) {
      if ((await statusOfCheck(row)) !== 204) continue;
      through.push(row.id);
      const { pathBelowBase, query } = requestOf(row);
      const { expect: expected } = row;
      const added = [...new URLSearchParams('add' in expected ? expected.add : '')];
      const isConfined =
        SHARED_TYPES.has(pathBelowBase.slice(1)) || /^(Patient\/)?p1$/.test(query.get('patient') ?? '');
      const isSaid =
        'decision' in expected &&
        expected.decision === 'narrow' &&
        row.request.method !== 'POST' &&
        (added.length > 0 || isConfined) &&
        added.every(([name, value]) => query.getAll(name).includes(value)) &&
        ![...query.keys()].some((name) => /^_(rev)?include/.test(name));
      expect([row.id, isSaid || expected]).toEqual([row.id, isSaid || { decision: 'allow' }]);
    }
    expect(through.length).toBeGreaterThan(50);
  });

  async function statusOfCheck(row: Row): Promise<number> {
    const { method, path, ifNoneExist } = row.request;
    const port = portOf(gateways.get(versionOf(row))!.server);
    const response = await fetch(`http://127.0.0.1:${port}/check`, {
      headers: {
        ...{ authorization: `Bearer row-${rows.indexOf(row)}`, 'x-original-method': method },
        ...{ 'x-original-uri': BASE + path },
        ...(ifNoneExist === undefined ? {} : { 'if-none-exist': ifNoneExist }),
      },
    });
    await response.body?.cancel();
    return response.status;
  }
});

function shown(body: Readonly<Record<string, unknown>>): string[] {
  const entries = Array.isArray(body['entry'])
    ? (body['entry'] as { resource?: Record<string, unknown> }[])
    : [];
  return [body, ...entries.flatMap(({ resource }) => [resource ?? {}, ...nested(resource)])].map(
    (found) =>
      `${String((found as Record<string, unknown>)['resourceType'])}/${String((found as Record<string, unknown>)['id'])}`,
  );
}

/** A Bundle in a Bundle, as an answer to a batch has it. */
function nested(resource: Record<string, unknown> | undefined): object[] {
  const entry = resource?.['entry'];
  return Array.isArray(entry) ? (entry as { resource?: object }[]).map((one) => one.resource ?? {}) : [];
}

function expectAnswer({ status, body }: RowAnswer, expected: Expected): void {
  if (expected.decision === 'deny') {
    expect([403, 404]).toContain(status);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome' });
    return;
  }
  expect(status).toBeLessThan(500);
  if (expected.decision === 'allow') {
    expect([401, 403]).not.toContain(status);
    return;
  }
  const names = shown(body);
  for (const hidden of expected.hidden ?? []) expect(names).not.toContain(hidden);
  if (status === 200) expect(body).not.toHaveProperty('total');
}

function expectNothingHidden({ status, body }: RowAnswer, entries: readonly Expected[]): void {
  expect(status).toBeLessThan(500);
  const answers = (Array.isArray(body['entry']) ? body['entry'] : []) as {
    resource?: RowAnswer['body'];
    response?: { status: string };
  }[];
  for (const [at, expected] of entries.entries()) {
    const answer = answers[at];
    if (!answer) continue;
    const names = shown(answer.resource ?? {});
    if (expected.decision === 'deny') expect(Number(answer.response?.status)).toBeGreaterThanOrEqual(400);
    else if (expected.decision === 'narrow')
      for (const hidden of expected.hidden ?? []) expect(names).not.toContain(hidden);
  }
}

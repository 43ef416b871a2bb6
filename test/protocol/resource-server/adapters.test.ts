import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { fastify } from 'fastify';
import { bodyParser } from '@koa/bodyparser';
import Koa from 'koa';

import {
  createResourceServer,
  type Admitted,
  type ResourceServer,
} from '../../../src/resource-server/index.ts';
import { admittedBy, guardExpress } from '../../../src/resource-server/express.ts';
import { guardFastify } from '../../../src/resource-server/fastify.ts';
import { guardKoa } from '../../../src/resource-server/koa.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET } from '../../support/clients.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

interface Running {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** What the handler behind the guard answers: what it was told it may do. */
function tell({ interaction, decision, token }: Admitted): object {
  return { kind: interaction.kind, patient: decision?.patient ?? null, client: token?.clientId ?? null };
}

const FRAMEWORKS: readonly (readonly [string, (server: ResourceServer) => Promise<Running>])[] = [
  [
    'koa',
    async (server) => {
      const app = new Koa();
      app.use(bodyParser({ enableTypes: ['form'] }));
      app.use(guardKoa(server));
      app.use((ctx) => {
        ctx.body = tell(admittedBy(ctx));
      });
      return running(createServer(app.callback()));
    },
  ],
  [
    'express',
    async (server) => {
      const app = express();
      app.use('/fhir', express.urlencoded(), guardExpress(server), (request, response) => {
        response.json(tell(admittedBy(request)));
      });
      return running(createServer(app));
    },
  ],
  [
    'fastify',
    async (server) => {
      const app = fastify();
      app.addHook('preHandler', guardFastify(server));
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
        done(null, new URLSearchParams(String(body))),
      );
      app.all('/fhir/*', async (request) => tell(admittedBy(request)));
      await app.listen({ port: 0, host: '127.0.0.1' });
      const { port } = app.server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, stop: () => app.close() };
    },
  ],
];

async function running(server: Server): Promise<Running> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

describe('adapters of the kit', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  let server: ResourceServer;
  let token = '';
  beforeAll(async () => {
    const { issuer } = suite.server;
    server = createResourceServer({
      issuer,
      fhirBaseUrl: FHIR,
      credentials: { clientId: 'fhir-server', clientSecret: RS_SECRET },
      usage: false,
    });
    const scope = 'launch/patient patient/Observation.rs';
    token = (await redeem(issuer, await authorize(issuer, { scope }))).body.access_token;
  });
  afterAll(() => server.close());

  describe.each(FRAMEWORKS)('%s', (_name, start) => {
    let here: Running;
    beforeAll(async () => {
      here = await start(server);
    });
    afterAll(() => here.stop());
    const ask = async (path: string, authorization?: string, init: RequestInit = {}) => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(here.url + path, { ...init, headers });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    };

    test('[SEM-12] a search that is sent as a form is decided with what stands in it', async () => {
      const search = (form: string) =>
        ask('/fhir/Observation/_search', `Bearer ${token}`, {
          method: 'POST',
          body: new URLSearchParams(form),
        });
      expect((await search('code=1')).body).toEqual({
        ...{ kind: 'search-type', patient: 'p1', client: 'public-app' },
      });
      expect((await search('performer:Practitioner.name=x')).status).toBe(403);
    });

    test('[SEM-01] [SEM-05] what a scope allows is let through, with what it is confined to', async () => {
      const read = await ask('/fhir/Observation/1', `Bearer ${token}`);
      expect([read.status, read.body]).toEqual([200, { kind: 'read', patient: 'p1', client: 'public-app' }]);
      const search = await ask('/fhir/Observation?code=1', `Bearer ${token}`);
      expect(search.body).toMatchObject({ kind: 'search-type' });
      expect((await ask('/fhir/metadata')).body).toMatchObject({ kind: 'capabilities', client: null });
    });

    test.each([
      // what is asked, with a token, status, error, issue
      ['/fhir/Observation/1', false, 401, undefined, 'login'],
      ['/fhir/Patient/p1', true, 403, 'insufficient_scope', 'forbidden'],
      ['/fhir/Observation/1/$x', true, 403, 'insufficient_scope', 'forbidden'],
      ['/fhir/nothing/1', true, 403, 'insufficient_scope', 'forbidden'],
    ] as const)('[SEM-03] [SEM-04] %s with a token: %s → %s %s', async (path, shows, status, error, code) => {
      const told = await ask(path, shows ? `Bearer ${token}` : undefined);
      expect(told).toMatchObject({ status, body: { resourceType: 'OperationOutcome', issue: [{ code }] } });
      expect(told.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
      const challenge = told.headers.get('www-authenticate');
      if (error === undefined) expect(challenge).toBe('Bearer realm="fhir"');
      else expect(challenge).toContain(`error="${error}"`);
    });

    test('[SEM-04] a wrong token, and a batch, are refused', async () => {
      const wrong = await ask('/fhir/Observation/1', 'Bearer nonsense');
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
      const batch = await ask('/fhir/', `Bearer ${token}`, { method: 'POST', body: '{}' });
      expect(batch.status).toBe(403);
    });

    test.each([
      '/FHIR/Observation/1',
      '/%66hir/Observation/1',
      '//fhir/Observation/1',
      '/fhirx/Observation/1',
    ])('[SEM-01] a path spelled in another way does not lead around the guard: %s', async (path) => {
      const told = await ask(path, `Bearer ${token}`);
      expect(told.status).toBe(404);
      expect(JSON.stringify(told.body)).not.toContain('public-app');
    });

    test('[DISC-01] [CORS-01] the SMART configuration is that of Gatehouse, for every origin', async () => {
      const told = await ask('/fhir/.well-known/smart-configuration');
      expect(told).toMatchObject({ status: 200, body: { issuer: suite.server.issuer } });
      expect(told.headers.get('content-type')).toBe('application/json');
      expect(told.headers.get('access-control-allow-origin')).toBe('*');
    });
  });

  test('[SEM-11] a batch may be let through to whoever decides its entries', async () => {
    const app = express();
    app.use('/fhir', guardExpress(server, { batches: 'pass' }), (request, response) => {
      const { interaction, decision, token: of } = admittedBy(request);
      response.json({ kind: interaction.kind, isDecided: decision !== undefined, client: of?.clientId });
    });
    const here = await running(createServer(app));
    const headers = { authorization: `Bearer ${token}` };
    const told = await fetch(`${here.url}/fhir`, { method: 'POST', body: '{}', headers });
    expect(await told.json()).toEqual({ kind: 'batch', isDecided: false, client: 'public-app' });
    await here.stop();
  });

  test('[SEM-01] what did not pass the guard is not served', () => {
    expect(() => admittedBy({})).toThrow(TypeError);
  });

  test('[F01] where Gatehouse cannot be asked nothing passes: 503, also for the configuration', async () => {
    const away = createResourceServer({
      issuer: 'http://localhost:1',
      fhirBaseUrl: FHIR,
      credentials: { clientId: 'fhir-server', clientSecret: RS_SECRET },
    });
    const app = new Koa();
    app.use(guardKoa(away));
    const here = await running(createServer(app.callback()));
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/fhir/Observation/1', '/fhir/.well-known/smart-configuration']) {
      const told = await fetch(here.url + path, { headers });
      expect([told.status, told.headers.get('retry-after')]).toEqual([503, '5']);
    }
    await here.stop();
    await away.close();
  });
});

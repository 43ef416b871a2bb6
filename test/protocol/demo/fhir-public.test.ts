import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startFhir, type DemoFhir } from './demo-server.ts';

let fhir: DemoFhir;
beforeAll(async () => {
  fhir = await startFhir();
});
afterAll(() => fhir.close());

test.each([undefined, '*/*', 'application/fhir+json', 'text/html'])(
  '[DISC-01] [DISC-02] [DISC-03] [CORS-01] the SMART configuration for Accept %s',
  async (accept) => {
    const headers = accept === undefined ? {} : { accept };
    const response = await fhir.ask('/.well-known/smart-configuration', undefined, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({ token_endpoint: expect.stringMatching(/\/token$/) });
  },
);

test('[DISC-28] [CORS-01] metadata says that SMART guards it, beside the discovery document', async () => {
  const response = await fhir.ask('/metadata');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await response.json()).toMatchObject({
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
    kind: 'instance',
    rest: [
      {
        security: { cors: true, service: [{ coding: [{ code: 'SMART-on-FHIR' }] }] },
        resource: expect.arrayContaining([expect.objectContaining({ type: 'Patient' })]),
      },
    ],
  });
});

test('[V1-02] [DISC-30] metadata names the endpoints where the server is set to SMART 1.0.0, and only there', async () => {
  const ofVersion = async (capabilities: string[]): Promise<string> => {
    const server = await startFhir();
    server.capabilities = capabilities;
    const statement = await (await server.ask('/metadata')).text();
    await server.close();
    return statement;
  };
  const old = await ofVersion(['launch-ehr']);
  expect(old).toContain('oauth-uris');
  for (const url of ['authorize', 'token'])
    expect(old).toMatch(new RegExp(`"url":"${url}","valueUri":"[^"]+/${url}"`));
  expect(await ofVersion(['launch-ehr', 'permission-v2'])).not.toContain('oauth-uris');
});

test('[DISC-01] while the authorization server is away: 503, and metadata without endpoints', async () => {
  const lonely = await startFhir();
  lonely.authServerStatus = 500;
  const discovery = await lonely.ask('/.well-known/smart-configuration');
  expect(discovery.status).toBe(503);
  expect(discovery.headers.get('retry-after')).toBe('5');
  const statement = await (await lonely.ask('/metadata')).text();
  expect(statement).toContain('CapabilityStatement');
  expect(statement).not.toContain('oauth-uris');
  await lonely.close();
});

test.each(['/Patient/amy-shaw', '/metadata', '/.well-known/smart-configuration', '/Observation/_search'])(
  '[CORS-02] [CORS-04] [CORS-09] preflight of %s',
  async (path) => {
    const response = await fhir.ask(path, undefined, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-headers': 'authorization' },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    const allowed = response.headers.get('access-control-allow-headers') ?? '';
    for (const name of ['Authorization', 'Content-Type', 'Accept', 'Prefer', 'If-Match', 'If-None-Match']) {
      expect(allowed.split(', ')).toContain(name);
    }
  },
);

test('[CORS-04] [CORS-10] an app can read the challenge of a refusal', async () => {
  const response = await fhir.ask('/Patient/amy-shaw', undefined, {
    headers: { origin: 'https://app.example' },
  });
  const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(', ');
  expect(exposed).toEqual(expect.arrayContaining(['ETag', 'Location', 'WWW-Authenticate', 'Retry-After']));
});

test('[fhir-r4-http§X-Request-Id] a request keeps a harmless name of its own and never a harmful one; logs hold no patient', async () => {
  const named = await fhir.ask('/metadata', undefined, { headers: { 'x-request-id': 'mine-1' } });
  expect(named.headers.get('x-request-id')).toBe('mine-1');
  const odd = await fhir.ask('/Patient?name=shaw', undefined, { headers: { 'x-request-id': 'a b<script>' } });
  expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(fhir.logged.at(-1)).toEqual({
    requestId: odd.headers.get('x-request-id'),
    method: 'GET',
    status: 401,
  });
});

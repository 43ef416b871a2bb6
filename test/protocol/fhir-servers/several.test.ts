import { beforeAll, describe, expect, test } from '@jest/globals';

import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, postForm, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const NORTH = 'http://localhost:3997/fhir';
const SOUTH = 'http://localhost:3998/fhir/r4';

describe.each(DRIVERS)('several FHIR servers behind one Gatehouse, on %s', (driver) => {
  let backend: KeyedClient;
  let ehr: KeyedClient;
  const suite = gatehouseOn(driver, async (issuer) => {
    backend = await keyedClient('south-backend', 'ES384', { fhir_servers: ['south'] });
    ehr = await ehrClient(issuer);
    return {
      fhirServers: [
        { id: 'north', name: 'North', url: NORTH },
        { id: 'south', name: 'South', url: SOUTH },
      ],
      clients: [
        PUBLIC_APP,
        { ...PUBLIC_APP, client_id: 'south-app', fhir_servers: ['south'] },
        { ...RESOURCE_SERVER, client_id: 'north-fhir', fhir_servers: ['north'] },
        { ...RESOURCE_SERVER, client_id: 'south-fhir', fhir_servers: ['south'] },
        backend.registration,
        ehr.registration,
      ],
    };
  });

  const tokenFor = async (aud: string): Promise<string> => {
    const { issuer } = suite.server;
    return (await redeem(issuer, await authorize(issuer, { params: { aud } }))).body.access_token;
  };
  const ask = async (server: string, token: string) =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, basic(server, RS_SECRET))).body;

  let north: string;
  let south: string;
  beforeAll(async () => {
    north = await tokenFor(NORTH);
    south = await tokenFor(SOUTH);
  });

  test('[GEN-05] [DISC-01] each has a discovery document of its own, at its own path too', async () => {
    for (const path of ['/fhir-servers/north', '/fhir-servers/south', '/fhir', '/fhir/r4']) {
      const response = await fetch(`${suite.server.issuer}${path}/.well-known/smart-configuration`);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
    }
    expect(
      (await fetch(`${suite.server.issuer}/fhir-servers/west/.well-known/smart-configuration`)).status,
    ).toBe(404);
  });

  test('[REF-21] [SEM-02] aud decides which server a token is for', async () => {
    expect(await ask('north-fhir', north)).toMatchObject({ active: true, aud: NORTH });
    expect(await ask('south-fhir', south)).toMatchObject({ active: true, aud: SOUTH });
  });

  test('[INT-06] [A182] no token crosses over: another FHIR server learns nothing of it', async () => {
    expect(await ask('south-fhir', north)).toEqual({ active: false });
    expect(await ask('north-fhir', south)).toEqual({ active: false });
  });

  test('[CRG-12] [AUTHZ-10] an app that is registered for one server cannot ask for another', async () => {
    const { issuer } = suite.server;
    const { callback } = await authorize(issuer, { clientId: 'south-app', params: { aud: NORTH } });
    expect(callback.searchParams.get('error')).toBe('invalid_request');
    expect(callback.searchParams.get('error_description')).toMatch(
      /^aud is a FHIR server this app is not registered for/,
    );
    const own = await authorize(issuer, { clientId: 'south-app', params: { aud: SOUTH } });
    expect(own.callback.searchParams.has('code')).toBe(true);
  });

  test('[AUTHZ-10] [A035] resource cannot name another server than aud', async () => {
    const { issuer } = suite.server;
    const { callback } = await authorize(issuer, { params: { aud: NORTH, resource: SOUTH } });
    expect(callback.searchParams.get('error_description')).toMatch(
      /^resource, if sent beside aud, must be the same single URL/,
    );
  });

  test('[BSV-15] a backend service gets tokens for its own server, whatever resource it names', async () => {
    const { issuer } = suite.server;
    const { body } = await backendToken(issuer, backend, 'system/Patient.rs');
    expect(await ask('south-fhir', body.access_token)).toMatchObject({ active: true, aud: SOUTH });
    expect(await ask('north-fhir', body.access_token)).toEqual({ active: false });
    const other = await backendToken(issuer, backend, 'system/Patient.rs', { resource: NORTH });
    expect(other).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
  });

  test('[LCH-04] [AUTHZ-12] a launch is for the server it was made for', async () => {
    const { issuer } = suite.server;
    const token = (await backendToken(issuer, ehr, `${issuer}/scopes/launch`)).body.access_token;
    const wrong = await announce(issuer, token, { client_id: 'south-app', iss: NORTH, patient: 'p1' });
    expect(wrong.status).toBe(400);
    const { body } = await announce(issuer, token, { iss: SOUTH, patient: 'p1' });
    const scope = 'launch patient/Patient.rs';
    const params = { aud: NORTH, launch: body.launch };
    const { callback } = await authorize(issuer, { username: 'dora', scope, params });
    expect(callback.searchParams.get('error_description')).toMatch(/^aud differs from the iss/);
  });
});

describe('two FHIR servers with one path', () => {
  const suite = gatehouseOn('embedded', () => ({
    fhirServers: [
      { id: 'east', name: 'East', url: 'http://localhost:3997/fhir' },
      { id: 'west', name: 'West', url: 'http://localhost:3998/fhir/', smartVersion: '1.0.0' },
      { id: 'alone', name: 'Alone', url: 'http://localhost:3999/r4' },
    ],
    clients: [PUBLIC_APP],
  }));

  test('[GEN-05] [DISC-01] the path they share is nobody’s; each has its document under its id', async () => {
    const load = (path: string) => fetch(`${suite.server.issuer}${path}/.well-known/smart-configuration`);
    const paths = ['/fhir', '/fhir-servers/east', '/fhir-servers/west', '/fhir-servers/alone', '/r4'];
    const found = await Promise.all(paths.map(async (path) => [path, (await load(path)).status]));
    expect(Object.fromEntries(found)).toEqual({
      ...{ '/fhir': 404, '/fhir-servers/east': 200, '/fhir-servers/west': 200 },
      ...{ '/fhir-servers/alone': 200, '/r4': 200 },
    });
    const [east, west] = await Promise.all(
      ['east', 'west'].map(async (id) => (await load(`/fhir-servers/${id}`)).json()),
    );
    expect([east, west].map((document) => 'grant_types_supported' in Object(document))).toEqual([
      true,
      false,
    ]);
  });
});

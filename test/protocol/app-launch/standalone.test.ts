import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { authorize, postForm, redeem, refresh } from '../../support/flow.ts';
import {
  DRIVERS,
  FHIR,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';

describe.each(DRIVERS)('standalone launch on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;

  beforeAll(async () => {
    store = await testStore(driver);
    server = await startGatehouse(store, { clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER] });
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  const introspect = (token: string) =>
    postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET));

  test('[TOK-07] [TOK-11] [CTX-01] a patient gets a token for the own record, with context and id token', async () => {
    const { status, body, headers } = await redeem(server.issuer, await authorize(server.issuer));
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, patient: 'p1' });
    expect(new Set(body.scope.split(' '))).toEqual(
      new Set(
        'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs'.split(' '),
      ),
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ iss: server.issuer, aud: 'public-app', fhirUser: `${FHIR}/Patient/p1` });
  });

  test('[INT-03] [INT-04] [INT-05] introspection repeats scope, context and who', async () => {
    const { body } = await redeem(server.issuer, await authorize(server.issuer));
    const { body: told } = await introspect(body.access_token);
    expect(told).toMatchObject({
      active: true,
      client_id: 'public-app',
      scope: body.scope,
      patient: 'p1',
      iss: server.issuer,
      aud: FHIR,
      fhirUser: `${FHIR}/Patient/p1`,
    });
    expect(typeof told['exp']).toBe('number');
  });

  test('[REF-08] [REF-11] a refresh token gives the same scopes and context again, and a new refresh token', async () => {
    const { body: first } = await redeem(server.issuer, await authorize(server.issuer));
    const { status, body } = await refresh(server.issuer, first.refresh_token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ scope: first.scope, patient: 'p1', expires_in: 3600 });
    expect(body.refresh_token).not.toBe(first.refresh_token);
  });
});

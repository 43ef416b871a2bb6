import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, openScreen, postForm, redeem, refresh, submit } from '../../support/flow.ts';
import {
  DRIVERS,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

describe.each(DRIVERS)('a restart on %s loses nothing', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let port = 0;
  let issuer = '';
  let ehr: Awaited<ReturnType<typeof ehrClient>>;

  const start = async (): Promise<void> => {
    server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration] }, port);
  };
  const restart = async (): Promise<void> => {
    await server.close();
    await start();
    // Connections of the old server may linger in this process's pool for a moment.
    while (!(await fetch(`${issuer}/jwks`).catch(() => undefined))?.ok) await new Promise(setImmediate);
  };
  beforeAll(async () => {
    [store, port] = await Promise.all([testStore(driver), freePort()]);
    issuer = `http://localhost:${port}`;
    ehr = await ehrClient(issuer);
    await start();
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body['active'];

  test('[C2] between authorize and token', async () => {
    const code = await authorize(issuer);
    await restart();
    const { status, body } = await redeem(issuer, code);
    expect([status, body['patient']]).toEqual([200, 'p1']);
    expect(body['id_token']).toEqual(expect.any(String));
  });

  test('[C2] between login and consent, and the session is there for the next launch', async () => {
    const browser = new CookieBrowser();
    const consent = await openScreen(issuer, 'consent', { browser });
    await restart();
    const { callback } = await submit(issuer, consent);
    const code = callback!.searchParams.get('code')!;
    expect((await redeem(issuer, { code, verifier: consent.verifier })).status).toBe(200);
    await restart();
    const again = await browser.get(consent.url);
    expect(again.status).toBe(400);
    expect((await openScreen(issuer, 'consent', { browser })).status).toBe(200);
  });

  test('[C2] before the login form is sent', async () => {
    const login = await openScreen(issuer, 'login');
    await restart();
    expect(formFields((await submit(issuer, login)).html)['step']).toEqual(['consent']);
  });

  test('[REF-21] between token and refresh; old tokens stay good, and a used one stays used', async () => {
    const { body: first } = await redeem(issuer, await authorize(issuer));
    await restart();
    expect(await isActive(first.access_token)).toBe(true);
    const { status, body } = await refresh(issuer, first.refresh_token);
    expect([status, body['patient'], body.scope]).toEqual([200, 'p1', first.scope]);
    await restart();
    // Within the window the same answer, by a process that has never given it; after its successor it is a replay.
    expect((await refresh(issuer, first.refresh_token)).body).toEqual(body);
    expect((await refresh(issuer, body.refresh_token)).status).toBe(200);
    await restart();
    expect((await refresh(issuer, first.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(body.access_token)).toBe(false);
  });

  test('[LCH-04] between the announcement of a launch and its use; a used assertion stays used', async () => {
    const assertion = await ehr.assertion(`${issuer}/token`);
    const { body } = await backendToken(issuer, ehr, `${issuer}/scopes/launch`, {
      client_assertion: assertion,
    });
    const { body: launch } = await announce(issuer, body.access_token, {
      patient: 'p7',
      fhirUser: 'Practitioner/d1',
    });
    await restart();
    const options = {
      username: 'dora',
      scope: 'launch patient/Patient.rs',
      params: { launch: launch.launch },
    };
    const redeemed = await redeem(issuer, await authorize(issuer, options));
    expect(redeemed.body['patient']).toBe('p7');
    const replayed = await backendToken(issuer, ehr, `${issuer}/scopes/launch`, {
      client_assertion: assertion,
    });
    expect(replayed.body.error).toBe('invalid_client');
  });

  test('[OIDC-02] the signing keys are the same afterwards', async () => {
    const kids = async (): Promise<string[]> => {
      const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid).sort();
    };
    const before = await kids();
    await restart();
    expect(await kids()).toEqual(before);
  });
});

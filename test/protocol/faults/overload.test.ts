import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { watchOverload } from '../../../src/http/index.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, postForm, redeem, type TokenAnswer } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer } from '../../support/gatehouse.ts';

const CLIENTS = [PUBLIC_APP, RESOURCE_SERVER];

describe('this process has too much to do', () => {
  let server: TestServer;
  let tokens: TokenAnswer['body'];
  let store: Awaited<ReturnType<typeof testStore>>;
  let burner: NodeJS.Timeout | undefined;
  beforeAll(async () => {
    store = await testStore('embedded');
    server = await startGatehouse(store, { clients: CLIENTS }, undefined, {
      overload: watchOverload(),
    });
    tokens = (await redeem(server.issuer, await authorize(server.issuer))).body;
  });
  afterEach(() => clearInterval(burner));
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });
  /** Work that holds up everything else for so long, again and again. */
  const burn = async (ms: number): Promise<void> => {
    burner = setInterval(() => {
      const until = performance.now() + ms;
      while (performance.now() < until);
    }, 1);
    await new Promise((resolve) => setTimeout(resolve, 3500));
  };
  const at = (path: string, form: Record<string, string>): Promise<TokenAnswer> =>
    postForm(`${server.issuer}${path}`, form, path === '/introspect' ? basic('fhir-server', RS_SECRET) : {});
  const refreshing = (): Promise<TokenAnswer> =>
    at('/token', {
      ...{ grant_type: 'refresh_token', client_id: 'public-app' },
      refresh_token: tokens.refresh_token,
    });

  test('[C2.11] [F40] new authorizations and tokens wait; revocation, introspection and keys never', async () => {
    const link = authorizeUrl(server.issuer, {}, pkce().challenge);
    const asPerson = { headers: { accept: 'text/html' }, redirect: 'manual' } as const;
    await burn(520);
    const page = await fetch(link, asPerson);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await page.text()).toMatch(/try again/i);
    expect((await at('/introspect', { token: tokens.access_token })).body).toMatchObject({ active: true });
    const refused = await refreshing();
    expect([refused.status, refused.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(refused.body['error_description']).toMatch(/^this server has too much to do; try again shortly/);
    expect((await fetch(`${server.issuer}/jwks`)).status).toBe(200);
    const revoked = await at('/revoke', { token: tokens.access_token, client_id: 'public-app' });
    expect(revoked.status).toBe(200);
    clearInterval(burner);

    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect((await at('/introspect', { token: tokens.access_token })).body).toEqual({ active: false });
    expect((await fetch(link, asPerson)).status).toBe(303);
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/gatehouse_shed_total\{path="\/authorize"\} 1/);
    expect(metrics).toMatch(/gatehouse_shed_total\{path="\/token"\} 1/);
  }, 30_000);
});

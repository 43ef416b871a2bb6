import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { shutOut } from '../../../src/cli/office.ts';
import {
  createAccountStore,
  createClientStore,
  createGrantIndex,
  createGrantList,
} from '../../../src/store/index.ts';
import { expectRecorded, expectTokenRefused } from '../../support/audited.ts';
import { until } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import {
  authorize,
  authorizeUrl,
  pkce,
  postForm,
  redeem,
  refresh,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS, FHIR, startGatehouse, testStore } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const BACKEND = await keyedClient('backend', 'ES384');
const RS = basic('fhir-server', RS_SECRET);
const INACTIVE = '{"active":false}';

describe.each(DRIVERS)('introspection on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({
    clients: [
      PUBLIC_APP,
      SECRET_APP,
      RESOURCE_SERVER,
      BACKEND.registration,
      { ...PUBLIC_APP, client_id: 'short-lived' },
    ],
  }));
  afterEach(() => void jest.restoreAllMocks());

  const ask = (form: Record<string, string>, headers: Record<string, string> = RS) =>
    fetch(`${suite.server.issuer}/introspect`, { method: 'POST', body: new URLSearchParams(form), headers });
  const tokens = async (clientId = 'public-app', username = 'amy'): Promise<TokenAnswer['body']> => {
    const who = username === 'amy' ? { browser } : { username };
    const code = await authorize(suite.server.issuer, { clientId, ...who });
    const auth = clientId === 'secret-app' ? basic('secret-app', SECRET) : {};
    return (
      await redeem(suite.server.issuer, code, clientId === 'secret-app' ? {} : { client_id: clientId }, auth)
    ).body;
  };
  const expectInactive = async (token: string, headers: Record<string, string> = RS): Promise<void> => {
    const response = await ask({ token }, headers);
    expect([response.status, await response.text()]).toEqual([200, INACTIVE]);
    expect(response.headers.get('cache-control')).toMatch(/no-store/);
  };
  const vault = () => suite.server.vault;
  const endAll = (owner: { clientId: string } | { accountId: string }) =>
    createGrantIndex(suite.server.driver, 3600).revokeAllOf(owner);

  test('[INT-03] [INT-12] [INT-13] [INT-17] what a FHIR server is told, and of which type it is', async () => {
    const { access_token: token, scope } = await tokens();
    const response = await ask({ token, token_type_hint: 'access_token' });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const told = (await response.json()) as Record<string, unknown>;
    const shared = {
      active: true,
      client_id: 'public-app',
      scope,
      patient: 'p1',
      aud: FHIR,
      iss: suite.server.issuer,
    };
    expect(told).toMatchObject({ ...shared, sub: expect.any(String), token_type: 'Bearer' });
    expect(Number.isInteger(told['exp'])).toBe(true);
    expect(Math.abs(Number(told['exp']) - Date.now() / 1000 - 3600)).toBeLessThan(10);
    for (const member of ['jti', 'smart', 'reference', 'lifetimeSeconds', 'accountId'])
      expect(told).not.toHaveProperty(member);
  });

  test('[REV-06] [C2.3] a command that is killed before it has shut the door has ended what there was', async () => {
    const { access_token: token } = await tokens();
    const accountId = (await createAccountStore(vault()).findByUsername('amy'))!.accountId;
    const never = new Promise<void>(() => undefined);
    const office = {
      grants: createGrantIndex(suite.server.driver, 3600),
      grantList: createGrantList(vault()),
      keepEnding: () => Promise.resolve(),
    };
    void shutOut(office, { accountId }, () => never, { by: 'operator' });
    await until(async () => (await (await ask({ token })).text()) === INACTIVE, 'it had ended');
  });

  test('[INT-13] a backend token has client_id and exp, and no person', async () => {
    const { body } = await backendToken(suite.server.issuer, BACKEND, 'system/Patient.rs');
    const told = (await (await ask({ token: body.access_token })).json()) as Record<string, unknown>;
    expect(told).toMatchObject({ active: true, client_id: 'backend', scope: 'system/Patient.rs', aud: FHIR });
    for (const member of ['sub', 'patient', 'fhirUser']) expect(told).not.toHaveProperty(member);
  });

  test.each([
    ['unknown', 'x'.repeat(80)],
    ['garbage', '\u0000\u{1f512}{"alg":"none"}'],
    ['a megabyte of it', 'x'.repeat(40_000)],
    ['something like a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'],
  ])('[INT-06] [A182] %s → inactive and nothing else', async (_what, token) => {
    await expectInactive(token);
  });

  test('[INT-06] an expired token is inactive', async () => {
    const { access_token: token } = await tokens();
    const { body: backend } = await backendToken(suite.server.issuer, BACKEND, 'system/Patient.rs');
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000);
    await expectInactive(backend.access_token);
    expect(await (await ask({ token })).json()).toMatchObject({ active: true });
    jest.spyOn(Date, 'now').mockImplementation(() => now + 3_601_000);
    await expectInactive(token);
  });

  test('[INT-15] [A182] [A188] a FHIR server is told nothing of refresh tokens and id tokens', async () => {
    const body = await tokens();
    await expectInactive(body.refresh_token);
    await expectInactive(String(body['id_token']));
  });

  test('[INT-09] a confidential client sees its own tokens, and of others only that they are none of its business', async () => {
    const [own, other] = [await tokens('secret-app'), await tokens()];
    const app = basic('secret-app', SECRET);
    expect(await (await ask({ token: own.access_token }, app)).json()).toMatchObject({
      active: true,
      client_id: 'secret-app',
    });
    await expectInactive(other.access_token, app);
    await expectInactive(other.refresh_token, app);
  });

  test('[INT-02] [INT-07] [A181] [audited] who does not prove who it is gets 401, and a missing token is a mistake', async () => {
    const { access_token: token } = await tokens();
    const cases: [Record<string, string>, Record<string, string>][] = [
      [{ token }, {}],
      [{ token }, basic('fhir-server', `${RS_SECRET}x`)],
      [{ token, client_id: 'public-app' }, {}],
      [{ token: 'unknown', client_id: 'public-app' }, {}],
      [{ token, client_id: 'fhir-server' }, {}],
      [{ token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.', client_id: 'public-app' }, {}],
      [{ token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' }, {}],
    ];
    for (const [form, headers] of cases) {
      const response = await expectRecorded(suite.server.audit, () => ask(form, headers), {
        ...{
          type: 'request.refused',
          reason: /^invalid_(client|token|request): /,
          more: { what: 'introspection' },
        },
      });
      expect(JSON.stringify(suite.server.audit)).not.toContain(form['token']);
      const body = (await response.json()) as Record<string, unknown>;
      expect([400, 401]).toContain(response.status);
      expect(body).not.toHaveProperty('active');
      expect(body['error_description']).toMatch(/\(reference \S{14}\)$/);
    }
    expect((await ask({ token, client_id: 'public-app' }, {})).status).toBe(401);
    expect((await ask({})).status).toBe(400);
  });

  test('[REV-10] [A020] [A169] [audited] disabling a client ends its tokens at once, refuses refresh, and shows the page', async () => {
    const { issuer } = suite.server;
    const body = await tokens('short-lived');
    const clients = createClientStore(vault());
    await clients.setDisabled('short-lived', true);
    await expectInactive(body.access_token);
    const { audit } = suite.server;
    const again = () => refresh(issuer, body.refresh_token, { client_id: 'short-lived' });
    const refused = await expectTokenRefused(audit, again, /^invalid_client: /);
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
    const url = authorizeUrl(issuer, { clientId: 'short-lived' }, pkce().challenge);
    const page = await expectRecorded(audit, () => new CookieBrowser().get(url), {
      ...{ type: 'authorize', reason: /^invalid_client: / },
    });
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);

    // The operator's command also ends the grants, so that enabling the client again does not bring them back.
    expect(await endAll({ clientId: 'short-lived' })).toBeGreaterThan(0);
    await clients.setDisabled('short-lived', false);
    await expectInactive(body.access_token);
    const dead = await refresh(issuer, body.refresh_token, { client_id: 'short-lived' });
    expect([dead.status, dead.body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[REV-10] [A092] [A169] disabling an account ends its tokens and its session at once', async () => {
    const { issuer } = suite.server;
    const person = new CookieBrowser();
    const { body } = await redeem(issuer, await authorize(issuer, { username: 'ben', browser: person }));
    const accounts = createAccountStore(vault());
    const account = (await accounts.findByUsername('ben'))!;
    await accounts.save({ ...account, disabled: true });
    expect((await refresh(issuer, body.refresh_token)).body.error).toBe('invalid_grant');
    await expect(authorize(issuer, { username: 'ben', browser: person })).rejects.toThrow(/422.*not right/);

    // The operator's command ends the grants in the same breath.
    expect(await endAll({ accountId: account.accountId })).toBeGreaterThan(0);
    await expectInactive(body.access_token);
    await accounts.save(account);
    await expectInactive(body.access_token);
    expect((await refresh(issuer, body.refresh_token)).body.error).toBe('invalid_grant');
    // What was allowed for others is untouched.
    expect(await (await ask({ token: (await tokens()).access_token })).json()).toMatchObject({
      active: true,
    });
  });
});

describe.each(DRIVERS)('what is written down of introspections, on %s', (driver) => {
  test('[INT-16] who asked, about whose token, and how often since when; neither a token nor a hash of one', async () => {
    const store = await testStore(driver);
    const server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER] });
    const started = Date.now();
    const { body } = await redeem(server.issuer, await authorize(server.issuer));
    for (const token of [body.access_token, body.access_token, body.access_token, 'unknown'])
      expect((await postForm(`${server.issuer}/introspect`, { token }, RS)).status).toBe(200);
    // What was counted is written when a server stops, if not before.
    await server.close();
    await store.dispose();

    const told = server.audit.filter(({ type }) => type === 'token.introspected');
    const common = { outcome: 'success', resourceServer: 'fhir-server', since: expect.any(String) };
    const byToken = { ...common, active: true, clientId: 'public-app' };
    expect(told).toEqual([
      expect.objectContaining({ ...byToken, count: 3 }),
      expect.objectContaining({ ...common, active: false, count: 1 }),
    ]);
    for (const record of told) {
      const { since } = record as { since?: string };
      expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(started);
      expect(Object.keys(record).filter((name) => /token|hash/i.test(name))).toEqual([]);
      expect(JSON.stringify(record)).not.toContain(body.access_token.slice(4, 20));
    }
  });
});

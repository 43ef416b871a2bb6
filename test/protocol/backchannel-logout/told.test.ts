import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, type JWTPayload } from 'jose';
import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../../support/app.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import {
  arrive,
  authorize,
  openScreen,
  postForm,
  redeem,
  refresh,
  submit,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';
import { startToldApp, type ToldApp } from '../../support/told-app.ts';

const ONLINE = 'openid launch/patient online_access patient/Patient.rs';
/** Longer than telling takes: what has not come by then does not come. */
const QUIET_MS = 300;

describe.each(DRIVERS)('telling apps of a sign-out, on %s', (driver) => {
  let named: ToldApp;
  let person: ToldApp;
  beforeAll(async () => {
    named = await startToldApp('named-app', { backchannel_logout_session_required: true });
    person = await startToldApp('person-app');
  });
  afterAll(() => Promise.all([named.close(), person.close()]));
  const suite = gatehouseOn(
    driver,
    () => ({
      clients: [PUBLIC_APP, RESOURCE_SERVER, named.registration, person.registration],
      limits: { authorizationsPerAddress: 0, tokensPerClient: 0 },
    }),
    { logoutWaitsMs: [50] },
  );
  beforeEach(() => {
    named.forget();
    person.forget();
  });
  const issuer = (): string => suite.server.issuer;

  interface Launched {
    readonly claims: JWTPayload;
    readonly tokens: TokenAnswer['body'];
  }
  async function launch(clientId: string, browser: CookieBrowser, scope = ONLINE): Promise<Launched> {
    const code = await authorize(issuer(), { clientId, browser, scope });
    const { status, body } = await redeem(issuer(), code, { client_id: clientId });
    expect(status).toBe(200);
    const { id_token: idToken } = body;
    return { tokens: body, claims: typeof idToken === 'string' ? decodeJwt(idToken) : {} };
  }
  async function confirmSignOut(browser: CookieBrowser, query = '', button = 'logout'): Promise<Response> {
    const page = await browser.get(`${issuer()}/logout${query}`);
    const fields = { ...formFields(await page.text()), [button]: 'yes' };
    return browser.post(`${issuer()}/logout/confirm`, fields);
  }
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${issuer()}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body['active'];
  async function account(browser: CookieBrowser, fields: Record<string, string>): Promise<Response> {
    const page = await (await browser.get(`${issuer()}/account`)).text();
    return browser.post(`${issuer()}/account`, { ...formFields(page), ...fields });
  }

  test('[openid-backchannel§2.1] discovery says so', async () => {
    const { backchannel_logout_supported: isThere, backchannel_logout_session_supported: withSid } = (await (
      await fetch(`${issuer()}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>;
    expect([isThere, withSid]).toEqual([true, true]);
  });

  test('[openid-backchannel§2.4] [REF-14] after signing out: what the token says, to whom, and that what was granted for the session has ended', async () => {
    const browser = new CookieBrowser();
    const one = await launch('named-app', browser);
    const two = await launch('person-app', browser);
    expect(typeof one.claims['sid']).toBe('string');
    expect(two.claims['sid']).toBeUndefined();
    expect((await confirmSignOut(browser)).status).toBe(303);

    const [toldOne] = await named.told(1, issuer());
    const [toldTwo] = await person.told(1, issuer());
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    expect(toldOne).toMatchObject({ sub: one.claims.sub, sid: one.claims['sid'], events });
    expect(toldTwo).toMatchObject({ sub: two.claims.sub, events });
    expect(toldTwo).not.toHaveProperty('sid');
    for (const told of [toldOne!, toldTwo!]) {
      expect(told).not.toHaveProperty('nonce');
      expect(told.exp! - told.iat!).toBe(120);
    }
    expect(toldOne!.jti).not.toBe(toldTwo!.jti);
    for (const [clientId, { tokens }] of [['named-app', one] as const, ['person-app', two] as const]) {
      expect(await isActive(tokens.access_token)).toBe(false);
      const again = await refresh(issuer(), tokens.refresh_token, { client_id: clientId });
      expect(again.body.error).toBe('invalid_grant');
    }
    expect(suite.server.audit).toContainEqual(
      expect.objectContaining({ type: 'sign-out.told', outcome: 'success', clientId: 'named-app' }),
    );
  });

  test.each([
    [
      'signing out at the request of the app',
      async (browser: CookieBrowser, { id_token: hint }: TokenAnswer['body']) =>
        confirmSignOut(browser, `?${new URLSearchParams({ id_token_hint: String(hint) })}`),
    ],
    ['"sign out everywhere"', (browser: CookieBrowser) => account(browser, { everywhere: 'yes' })],
    [
      'ending it in the list of sessions, from another browser',
      async (browser: CookieBrowser) => {
        const other = new CookieBrowser();
        await authorize(issuer(), { browser: other });
        const page = await (await other.get(`${issuer()}/account`)).text();
        const refs = [...page.matchAll(/name="session" value="([^"]+)"/g)].map(([, ref = '']) => ref);
        let last = await account(other, {});
        for (const session of refs) last = await account(other, { session });
        expect(await (await browser.get(`${issuer()}/apps`)).text()).toContain('Password');
        return last;
      },
    ],
    [
      'somebody else signing in to the same browser',
      async (browser: CookieBrowser) => {
        const screen = await openScreen(issuer(), 'consent', { browser });
        const login = await arrive(
          issuer(),
          browser,
          await browser.post(screen.url, { ...screen.fields, switch: 'yes' }),
        );
        const next = await submit(
          issuer(),
          { ...screen, url: login.response.url, fields: formFields(login.html) },
          { username: 'ben' },
        );
        const consent = { ...screen, url: next.response.url, fields: formFields(next.html) };
        return (await submit(issuer(), consent)).response;
      },
    ],
  ])('[openid-backchannel§2.5] [REF-14] by %s', async (_how, end) => {
    const browser = new CookieBrowser();
    const { claims, tokens } = await launch('named-app', browser);
    expect((await end(browser, tokens)).status).toBeLessThan(400);
    const told = await named.told(1, issuer());
    expect(told).toEqual([expect.objectContaining({ sub: claims.sub, sid: claims['sid'] })]);
    expect(await isActive(tokens.access_token)).toBe(false);
  });

  test('[openid-backchannel§2.5] only apps that got an id token in that session are told, each once', async () => {
    const browser = new CookieBrowser();
    const first = await launch('named-app', browser);
    const second = await launch('named-app', browser);
    expect(second.claims['sid']).toBe(first.claims['sid']);
    const elsewhere = await launch('named-app', new CookieBrowser());
    expect(elsewhere.claims['sid']).not.toBe(first.claims['sid']);
    // One that asks for no id token, and one that does not come for it.
    await launch('person-app', browser, 'launch/patient patient/Patient.rs');
    await authorize(issuer(), { clientId: 'person-app', browser, scope: ONLINE });
    await confirmSignOut(browser);
    const told = await named.told(1, issuer());
    await delay(QUIET_MS);
    expect(told.map(({ sid }) => sid)).toEqual([first.claims['sid']]);
    expect([named.tokens.length, person.tokens.length]).toEqual([1, 0]);
  });

  test('[A087] "stay" tells nobody, and neither does a request that only asks', async () => {
    const browser = new CookieBrowser();
    const { tokens } = await launch('named-app', browser);
    await confirmSignOut(browser, `?${new URLSearchParams({ client_id: 'named-app' })}`, 'stay');
    await delay(QUIET_MS);
    expect([named.tokens, await isActive(tokens.access_token)]).toEqual([[], true]);
  });

  test('[openid-backchannel§2.5] a code of a session that has ended signs nobody in to an app that wants to be told', async () => {
    const browser = new CookieBrowser();
    const scope = 'openid launch/patient offline_access patient/Patient.rs';
    const late = await authorize(issuer(), { clientId: 'named-app', browser, scope });
    const other = await authorize(issuer(), { browser, scope });
    await confirmSignOut(browser);
    const { status, body } = await redeem(issuer(), late, { client_id: 'named-app' });
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect(body['error_description']).toMatch(/^the session has ended/);
    expect(suite.server.audit.at(-1)).toMatchObject({
      ...{ type: 'token.refused', reason: 'invalid_grant: the session has ended', clientId: 'named-app' },
    });
    expect((await redeem(issuer(), other)).status).toBe(200);
  });

  test('[A156] an app that never answers, answers something else or leads elsewhere holds up nobody, and is told once more', async () => {
    const metric = async (outcome: string): Promise<number> => {
      const text = await (await fetch(`${suite.server.managementUrl}/metrics`)).text();
      const line = new RegExp(`gatehouse_events_total\\{[^}]*sign-out\\.told[^}]*${outcome}[^}]*\\} (\\d+)`);
      return Number(line.exec(text)?.[1] ?? 0);
    };
    const failures = () =>
      suite.server.audit.filter(({ type, outcome }) => type === 'sign-out.told' && outcome === 'failure');
    const before = failures().length;
    const counted = await metric('failure');
    const answers: [ReasonedAnswer, RegExp][] = [
      [() => undefined, /longer than 2500 ms/],
      [(_request, response) => void response.writeHead(500).end(), /answered 500/],
      [(_request, response) => void response.writeHead(302, { location: person.url }).end(), /answered 302/],
    ];
    for (const [at, [answer, reason]] of answers.entries()) {
      named.answer(answer);
      const [seen, browser] = [named.requests, new CookieBrowser()];
      await launch('named-app', browser);
      const startedAt = performance.now();
      expect((await confirmSignOut(browser)).status).toBe(303);
      expect(performance.now() - startedAt).toBeLessThan(2000);
      while (failures().length === before + at) await delay(25);
      expect(named.requests - seen).toBe(2);
      expect(failures().at(-1)).toMatchObject({
        clientId: 'named-app',
        reason: expect.stringMatching(reason),
      });
      expect(JSON.stringify(failures().at(-1))).not.toMatch(/eyJ/);
    }
    named.answer(undefined);
    expect(person.tokens).toEqual([]);
    await until(async () => (await metric('failure')) === counted + answers.length, 'they were counted');
  });
});

type ReasonedAnswer = Parameters<ToldApp['answer']>[0];

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';

import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, keyedClient, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken } from '../../support/ehr.ts';
import { authorize, authorizeUrl, openScreen, pkce } from '../../support/flow.ts';
import { freePort } from '../../support/ports.ts';
import {
  DRIVERS,
  FHIR,
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';

const SIGN_IN = 'http://localhost:4998/who-is-it?keep=1';
const SCOPE = 'launch user/Patient.rs patient/Observation.rs';
const OTHER_APP = { ...PUBLIC_APP, client_id: 'other-app' };

describe.each(DRIVERS)('EHR launch without a second sign-in, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let ehr: KeyedClient;
  let stranger: KeyedClient;
  let token: string;
  beforeAll(async () => {
    store = await testStore(driver);
    const port = await freePort();
    const scope = `http://localhost:${port}/scopes/launch`;
    const rights = ['launch' as const];
    ehr = await keyedClient('ehr', 'ES384', {
      scope,
      rights,
      sign_in_uri: SIGN_IN,
      launch_apps: ['public-app'],
    });
    stranger = await keyedClient('stranger', 'ES384', { scope, rights, sign_in_uri: SIGN_IN });
    server = await startGatehouse(
      store,
      { clients: [PUBLIC_APP, OTHER_APP, ehr.registration, stranger.registration] },
      port,
    );
    token = (await backendToken(server.issuer, ehr, scope)).body.access_token;
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  const launched = async (more: Record<string, unknown> = {}): Promise<string> =>
    (await announce(server.issuer, token, { patient: 'p7', ...more })).body.launch;

  interface Sent {
    readonly browser: CookieBrowser;
    readonly launch: string;
    /** Where Gatehouse sent the browser. */
    readonly to: URL;
  }

  /** An app opens the authorization request; where the browser is sent from the first page. */
  async function sent(
    browser = new CookieBrowser(),
    launch?: string,
    more: Record<string, string> = {},
  ): Promise<Sent> {
    const id = launch ?? (await launched());
    const url = authorizeUrl(
      server.issuer,
      { scope: SCOPE, params: { launch: id, ...more } },
      pkce().challenge,
    );
    const interaction = (await browser.get(url)).headers.get('location') ?? '';
    const page = await browser.get(new URL(interaction, server.issuer).href);
    return { browser, launch: id, to: new URL(page.headers.get('location') ?? 'about:blank') };
  }

  interface Changes {
    readonly claims?: Record<string, unknown>;
    readonly header?: Record<string, unknown>;
    readonly by?: KeyedClient;
  }

  async function assertion(
    { to, launch }: Sent,
    { claims = {}, header = {}, by = ehr }: Changes = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const nonce = to.searchParams.get('nonce');
    const said = {
      iss: 'ehr',
      sub: 'dora',
      aud: server.issuer,
      nonce,
      launch,
      iat: now,
      exp: now + 60,
      ...claims,
    };
    const kept = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    return new SignJWT(kept)
      .setProtectedHeader({ alg: 'ES384', kid: by.publicJwk.kid ?? '', typ: 'user-sign-in+jwt', ...header })
      .sign(by.privateKey);
  }

  /** The EHR sends the browser back with this answer; the page it then sees. */
  async function answer({ browser, to }: Sent, query: Record<string, string>): Promise<string> {
    const url = new URL(to.searchParams.get('return_to') ?? '');
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const back = await browser.get(url.href);
    expect([back.status, back.headers.get('location')]).toEqual([303, url.pathname.replace(/\/ehr$/, '')]);
    return (await browser.get(new URL(back.headers.get('location') ?? '', server.issuer).href)).text();
  }
  const headingOf = (html: string) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');
  const lastSignIn = () => server.audit.filter(({ type }) => type === 'sign-in').at(-1);

  test('[LCH-08] the browser is sent to the EHR, and its signed answer signs that user in for this launch', async () => {
    const seen = await sent();
    const { origin, pathname, searchParams } = seen.to;
    expect(origin + pathname).toBe('http://localhost:4998/who-is-it');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      keep: '1',
      iss: server.issuer,
      launch: seen.launch,
    });
    expect(searchParams.get('nonce')).toMatch(/^[\w-]{32}$/);
    const html = await answer(seen, { assertion: await assertion(seen) });
    expect(headingOf(html)).toBe('Allow Public App to access health records?');
    expect(html).toContain('Dr Dora Singh');
    expect(lastSignIn()).toMatchObject({ outcome: 'success', method: 'ehr', clientId: 'public-app' });
  });

  test('[LCH-08] an EHR that knows nobody leaves it to the person, and is asked once', async () => {
    const seen = await sent();
    expect(headingOf(await answer(seen, { error: 'login_required' }))).toBe('Sign in');
    expect(lastSignIn()).toMatchObject({ outcome: 'refused', reason: 'not-signed-in-there', method: 'ehr' });
    const again = await seen.browser.get((seen.to.searchParams.get('return_to') ?? '').replace(/\/ehr$/, ''));
    expect([again.status, headingOf(await again.text())]).toEqual([200, 'Sign in']);
  });

  test.each<[string, string, Changes]>([
    ['another EHR’s keys', 'not-signed-by-the-ehr', { by: undefined as never }],
    ['no type of its own: a client assertion', 'not-signed-by-the-ehr', { header: { typ: 'JWT' } }],
    ['another client', 'other-issuer', { claims: { iss: 'stranger' } }],
    ['another server', 'other-audience', { claims: { aud: 'https://other.example' } }],
    ['several servers', 'malformed', { claims: { aud: ['https://other.example'] } }],
    [
      'another browser’s nonce',
      'other-browser',
      { claims: { nonce: randomBytes(24).toString('base64url') } },
    ],
    ['no nonce', 'malformed', { claims: { nonce: undefined } }],
    ['another launch', 'other-launch', { claims: { launch: 'another' } }],
    ['too long a life', 'stale', { claims: { exp: Math.floor(Date.now() / 1000) + 600 } }],
    [
      'made in the future',
      'stale',
      { claims: { iat: Math.floor(Date.now() / 1000) + 50, exp: Math.floor(Date.now() / 1000) + 90 } },
    ],
    ['a user nobody knows', 'unknown-user', { claims: { sub: 'nobody' } }],
    ['a patient', 'not-staff', { claims: { sub: 'amy' } }],
  ])('[A070] [A068] nobody is signed in by %s', async (title, reason, changes) => {
    const seen = await sent();
    const by = title.startsWith('another EHR') ? stranger : ehr;
    const html = await answer(seen, { assertion: await assertion(seen, { ...changes, by }) });
    expect(headingOf(html)).toBe('Sign in');
    expect(lastSignIn()).toMatchObject({ outcome: 'refused', reason, method: 'ehr' });
  });

  test('[A068] an answer is of use in its own browser, once, and not unsigned', async () => {
    const seen = await sent();
    const jwt = await assertion(seen);
    const url = new URL(seen.to.searchParams.get('return_to') ?? '');
    url.searchParams.set('assertion', jwt);
    const elsewhere = await new CookieBrowser().get(url.href);
    expect(elsewhere.status).toBe(400);
    const [header, payload] = jwt.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'user-sign-in+jwt' })).toString('base64url');
    for (const forged of [`${none}.${payload}.`, `${header}.${payload}.`, 'x', '']) {
      const other = await sent();
      expect(headingOf(await answer(other, { assertion: forged }))).toBe('Sign in');
    }
    expect(headingOf(await answer(seen, { error: 'login_required' }))).toBe('Sign in');
    // Too late: it was answered.
    expect(headingOf(await answer(seen, { assertion: jwt }))).toBe('Sign in');
  });

  test('[LCH-07] the launch value alone signs nobody in, and the launch is for the EHR’s own user', async () => {
    const seen = await sent(undefined, await launched({ fhirUser: 'Practitioner/other' }));
    const html = await answer(seen, { assertion: await assertion(seen) });
    expect(headingOf(html)).toBe('This app was opened for somebody else');
  });

  test('[LCH-07] on a shared computer, the EHR is asked although somebody else is still signed in', async () => {
    const browser = new CookieBrowser();
    await authorize(server.issuer, { browser, scope: 'launch/patient patient/Patient.rs' });
    const seen = await sent(browser, await launched({ fhirUser: 'Practitioner/d1' }));
    expect(seen.to.host).toBe('localhost:4998');
    expect(await answer(seen, { assertion: await assertion(seen) })).toContain('Dr Dora Singh');
    // Also where neither the account nor the launch names a person in FHIR.
    const nora = await createAccount({ username: 'nora', name: 'Nora', role: 'practitioner' }, PASSWORD);
    await createAccountStore(server.vault).add(nora);
    const shared = new CookieBrowser();
    await authorize(server.issuer, { browser: shared, username: 'nora', scope: 'user/Patient.rs' });
    expect((await sent(shared, await launched())).to.host).toBe('localhost:4998');
    // Who is known here already is not asked about.
    const dora = new CookieBrowser();
    await authorize(server.issuer, { browser: dora, username: 'dora', scope: 'user/Patient.rs' });
    const known = await sent(dora, await launched({ fhirUser: 'Practitioner/d1' }));
    expect(known.to.href).toBe('about:blank');
  });

  test('prompt=login and max_age mean proving it here', async () => {
    expect((await sent(undefined, undefined, { prompt: 'login' })).to.href).toBe('about:blank');
  });

  test('a standalone launch asks no EHR', async () => {
    const screen = await openScreen(server.issuer, 'login', {});
    expect(headingOf(screen.html)).toBe('Sign in');
  });

  test('[LCH-01] an EHR launches only the apps it may', async () => {
    const { status, body } = await announce(server.issuer, token, { client_id: 'other-app', patient: 'p7' });
    expect([status, JSON.stringify(body)]).toEqual([
      400,
      expect.stringContaining('not an app that this EHR may launch'),
    ]);
    expect(FHIR).toBeTruthy();
  });
});

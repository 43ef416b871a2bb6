import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';

import { auditEventsOf } from '../../../src/balp/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { placedIn } from '../../../src/trail/index.ts';
import { auditLinesOf } from '../../support/audit-disk.ts';
import { until } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, authorizeUrl, openScreen, pkce, postForm, redeem, refresh } from '../../support/flow.ts';
import { PASSWORD, STORE_SECRET } from '../../support/gatehouse.ts';
import { giveTotp, idOf } from '../../support/second-factors.ts';
import { startSmtp, type SmtpReceiver } from '../../support/smtp.ts';
import { gatehouseOn } from '../../support/suite.ts';

const KINDS = 10;
const ROUNDS = 20;
const FLOWS_MS = 60_000;
jest.setTimeout(FLOWS_MS);

/** Begins each value that is planted. `~` is safe in every field, and one of few that forms encode. */
const BIRD = 'Kanarie~Vogel';
const EVIL = 'https://evil.example/cb';
const STRICT_APP = { ...PUBLIC_APP, client_id: 'strict-app', require_mfa: true };

/** Base64 of a text that stands anywhere in what was encoded: without the characters its neighbours have a part in. */
function base64Inside(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.from('.'.repeat(before) + text).toString('base64');
    const [from, to] = [Math.ceil((before * 4) / 3), Math.floor(((before + text.length) * 4) / 3)];
    return whole.slice(from, to);
  });
}

function formsOf(text: string): string[] {
  const inBase64 = base64Inside(text);
  const inUrls = inBase64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'));
  const hex = Buffer.from(text).toString('hex');
  const percent = new URLSearchParams({ text }).toString().slice('text='.length);
  return [...new Set([text, percent, hex, hex.toUpperCase(), ...inBase64, ...inUrls])];
}

const BIRD_FORMS = formsOf(BIRD);

// Who says something where is the same whatever the store is.
describe('after two hundred flows with something secret in every field', () => {
  let logged = '';
  const log = pino({ level: 'trace' }, { write: (line: string) => void (logged += line) });
  let smtp: SmtpReceiver;
  let ehr: KeyedClient;
  let backend: KeyedClient;
  const suite = gatehouseOn(
    'embedded',
    async (issuer) => {
      smtp = await startSmtp();
      ehr = await ehrClient(issuer);
      backend = await keyedClient('backend', 'ES384');
      return {
        clients: [
          PUBLIC_APP,
          SECRET_APP,
          STRICT_APP,
          RESOURCE_SERVER,
          ehr.registration,
          backend.registration,
        ],
        // Each flow comes from an address of its own.
        trustProxy: true,
        limits: { tokensPerClient: 0, failuresPerAddress: 0, authorizationsPerAddress: 0, launchesPerEhr: 0 },
        mail: { host: 'localhost', port: smtp.port, security: 'none', from: 'gate@riverside.example' },
      };
    },
    { log },
  );

  /** What was issued, or let somebody in: found nowhere, in no form. */
  const issued = new Set<string>([PASSWORD, SECRET, RS_SECRET, STORE_SECRET]);
  const keep = (...texts: unknown[]): void => {
    for (const text of texts) if (typeof text === 'string' && text !== '') issued.add(text);
  };
  /** What refused requests were answered, with where they were led, but for the state an app gets back. */
  const answers: string[] = [];
  let planted = 0;
  let flows = 0;
  let from: Record<string, string> = {};
  const bird = (): string => {
    planted += 1;
    return `${BIRD}-${planted}-${randomBytes(18).toString('base64url')}`;
  };
  const at = (where: string): string => suite.server.issuer + where;

  async function refused(response: Response | Promise<Response>): Promise<void> {
    const { headers, status } = await response;
    const text = await (await response).text();
    const location = headers.get('location');
    // Where it leads is the answer, with the state that an app gets back; a page links to its own address in other languages.
    const said =
      location === null ? text.replaceAll(/href="[^"]*[?;]lang=[a-z]+"/g, '') : withoutState(location);
    answers.push(`${status} ${headers.get('www-authenticate') ?? ''} ${said}`);
  }
  function withoutState(location: string): string {
    const url = new URL(location, suite.server.issuer);
    url.searchParams.delete('state');
    return url.href;
  }
  const get = (where: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(at(where), { redirect: 'manual', headers: { accept: 'text/html', ...from, ...headers } });
  const post = (where: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(at(where), {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(form) },
      headers: { ...from, ...headers },
    });
  const starting = (params: Record<string, string | undefined>): string =>
    authorizeUrl(suite.server.issuer, { params }, pkce().challenge).slice(suite.server.issuer.length);
  /** Of everything that is secret somewhere, one: sent where none of it belongs. */
  const everything = (): Record<string, string> =>
    Object.fromEntries(
      [
        ...[
          'code',
          'code_verifier',
          'access_token',
          'refresh_token',
          'token',
          'client_secret',
          'client_assertion',
        ],
        ...['password', 'id_token_hint', 'launch', 'nonce', 'state', 'request', '_csrf', 'xsrf'],
      ].map((name) => [name, bird()]),
    );

  /** One flow of each kind. */
  const kinds: (() => Promise<void>)[] = [
    async function launchedAndRefreshed() {
      const { issuer } = suite.server;
      const browser = new CookieBrowser();
      const params = { state: bird(), nonce: bird() };
      const authorized = await authorize(issuer, { browser, params });
      const { body } = await redeem(issuer, authorized, { client_id: 'public-app', vendor: bird() });
      const { body: next } = await refresh(issuer, body.refresh_token);
      keep(authorized.code, authorized.verifier, body.access_token, body.refresh_token, body['id_token']);
      keep(next.access_token, next.refresh_token, next['id_token']);
      keep(
        ...browser
          .cookieHeader(at('/'))
          .split('; ')
          .map((pair) => pair.slice(pair.indexOf('=') + 1)),
      );
      const stolen = { client_id: 'public-app', grant_type: 'authorization_code', redirect_uri: REDIRECT };
      await refused(post('/token', { ...stolen, code: authorized.code, code_verifier: authorized.verifier }));
    },
    async function authorizationsRefused() {
      await refused(get(starting({ ...everything(), aud: EVIL, request: undefined })));
      await refused(get(starting({ ...everything(), redirect_uri: EVIL })));
      await refused(get(starting({ state: bird(), id_token_hint: bird(), prompt: 'none' })));
      await refused(get(starting({ state: bird(), request: bird() })));
      await refused(get(starting({ state: bird(), launch: bird(), scope: 'launch patient/Patient.rs' })));
      await refused(post('/authorize', { ...everything(), client_id: bird() }));
      await refused(get(`/authorize?posted_request=${encodeURIComponent(bird())}`));
    },
    async function signInsRefused() {
      const { issuer } = suite.server;
      const login = await openScreen(issuer, 'login', { params: { state: bird(), nonce: bird() } });
      const typed = { ...login.fields, username: ['amy'], password: [bird()] };
      await refused(login.browser.post(login.url, typed, from));
      const misplaced = { ...login.fields, username: ['nobody'], password: [bird()], code: [bird()] };
      await refused(login.browser.post(login.url, misplaced, from));
      await refused(login.browser.post(login.url, { ...login.fields, _csrf: [bird()] }, from));
      keep(login.fields['_csrf']?.[0], login.browser.cookieHeader(login.url).split('=')[1]);
    },
    async function codesRefused() {
      const { issuer } = suite.server;
      const second = await openScreen(issuer, 'second', { clientId: 'strict-app', username: 'ben' });
      for (const way of ['totp', 'recovery-code'])
        await refused(
          second.browser.post(second.url, { ...second.fields, way: [way], code: [bird()] }, from),
        );
      const [password, code] = [bird(), bird()];
      const form = { username: 'amy', code, password, again: password };
      await refused(new CookieBrowser().post(at('/account/forgotten/code'), form, from));
    },
    async function clientSecretsRefused() {
      const form = {
        grant_type: 'authorization_code',
        code: bird(),
        redirect_uri: REDIRECT,
        code_verifier: bird(),
      };
      await refused(post('/token', form, basic('secret-app', bird())));
      await refused(post('/token', { ...form, client_id: 'secret-app', client_secret: bird() }));
      const inQuery = new URLSearchParams({ client_id: 'secret-app', client_secret: bird(), code: bird() });
      await refused(post(`/token?${inQuery}`, form));
      await refused(post('/token', form, { authorization: `Basic ${bird()}` }));
      await refused(post('/token', form, { authorization: bird() }));
    },
    async function assertionsRefused() {
      const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE };
      const signed = (claims: Record<string, unknown>, header = {}) =>
        backend.assertion(at('/token'), { jti: bird(), ...claims }, header);
      const asked = [
        await signed({ exp: 1 }),
        await signed({ aud: bird() }),
        await signed({ iss: bird() }),
        await signed({}, { kid: bird() }),
        `${(await signed({})).slice(0, -20)}${bird()}`,
      ];
      keep(...asked, ...asked.flatMap((one) => one.split('.')[2] ?? []));
      for (const assertion of [...asked, bird(), `${bird()}.${bird()}.${bird()}`])
        await refused(post('/token', { ...form, scope: 'system/*.rs', client_assertion: assertion }));
      const good = await signed({});
      const { body } = await backendToken(suite.server.issuer, backend, 'system/*.rs', {
        client_assertion: good,
      });
      keep(good, body.access_token);
      await refused(post('/token', { ...form, scope: 'system/*.rs', client_assertion: good }));
    },
    async function grantsRefused() {
      const app = { client_id: 'public-app', redirect_uri: REDIRECT };
      await refused(
        post('/token', { ...app, grant_type: 'authorization_code', code: bird(), code_verifier: bird() }),
      );
      await refused(post('/token', { ...app, grant_type: 'refresh_token', refresh_token: `grt_${bird()}` }));
      await refused(post('/token', { ...app, grant_type: 'password', username: 'amy', password: bird() }));
      await refused(post('/token', { ...app, ...everything(), grant_type: 'urn:example:none' }));
      const json = { ...from, 'content-type': 'application/json' };
      await refused(
        fetch(at('/token'), { method: 'POST', headers: json, body: JSON.stringify(everything()) }),
      );
      await refused(fetch(at('/token'), { method: 'POST', headers: json, body: `{"code": ${bird()}` }));
    },
    async function questionsAndRevocations() {
      const { issuer } = suite.server;
      const rs = basic('fhir-server', RS_SECRET);
      await postForm(`${issuer}/introspect`, { token: bird() }, rs);
      const signed = { ...rs, accept: 'application/token-introspection+jwt' };
      await refused(post('/introspect', { token: `gat_${bird()}` }, signed));
      await refused(post('/introspect', { token: bird() }, basic('fhir-server', bird())));
      await refused(post('/introspect', { token: bird() }, { authorization: `Bearer ${bird()}` }));
      await refused(post('/revoke', { token: bird() }, basic('secret-app', bird())));
      await postForm(`${issuer}/revoke`, { token: bird(), client_id: 'public-app' });
      const { body } = await backendToken(issuer, backend, 'system/*.rs');
      keep(body.access_token);
      expect((await postForm(`${issuer}/introspect`, { token: body.access_token }, rs)).body['active']).toBe(
        true,
      );
      await refused(post('/revoke', { token: body.access_token, client_id: 'public-app' }));
    },
    async function launches() {
      const { issuer } = suite.server;
      const { body: own } = await backendToken(issuer, ehr, `${issuer}/scopes/launch`);
      const { body } = await announce(issuer, own.access_token, { patient: 'p7' });
      keep(own.access_token, body.launch);
      const wrong = { ...from, 'content-type': 'application/json', authorization: `Bearer ${bird()}` };
      await refused(
        fetch(at('/launches'), { method: 'POST', headers: wrong, body: JSON.stringify({ launch: bird() }) }),
      );
      const right = { ...wrong, authorization: `Bearer ${own.access_token}` };
      await refused(fetch(at('/launches'), { method: 'POST', headers: right, body: `{"launch": ${bird()}` }));
      const other = { aud: 'http://localhost:3998/fhir', launch: body.launch };
      await refused(get(starting({ ...other, scope: 'launch patient/Patient.rs' })));
    },
    async function inTheWrongPlace() {
      const query = new URLSearchParams(everything());
      for (const where of ['/', '/token', '/jwks', '/userinfo', '/apps', '/account', '/revocations'])
        await refused(get(`${where}?${query}`, { authorization: `Bearer ${bird()}`, 'x-api-key': bird() }));
      const segment = encodeURIComponent(bird());
      for (const where of ['/interaction/', '/apps/', '/sign-in/', '/assets/', '/nothing/'])
        await refused(get(where + segment, { referer: `${EVIL}?code=${bird()}`, 'user-agent': bird() }));
      const cookies = { cookie: `gatehouse=${bird()}; gatehouse.sig=${bird()}; gatehouse-step=${bird()}` };
      await refused(get('/apps', cookies));
      await refused(
        new CookieBrowser().post(at(`/interaction/${segment}`), everything(), { ...from, ...cookies }),
      );
      await refused(get(`/logout?${new URLSearchParams({ id_token_hint: bird(), state: bird() })}`));
      await refused(post('/logout/confirm', everything(), cookies));
      await refused(get('/jwks', { 'x-request-id': bird(), 'x-forwarded-host': bird() }));
    },
  ];

  beforeAll(async () => {
    const { vault, issuer } = suite.server;
    await giveTotp(vault, 'ben');
    await createAccountStore(vault).change(await idOf(vault, 'amy'), (account) => ({
      ...{ ...account, email: 'amy@riverside.example', emailVerified: true },
    }));
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [kind, flow] of kinds.entries()) {
        from = { 'x-forwarded-for': `198.51.${round}.${kind + 1}` };
        await flow();
        flows += 1;
      }
    await new CookieBrowser().post(`${issuer}/account/forgotten`, { username: 'amy' });
    const mailed = (): string | undefined => /\d{4} \d{4}/.exec(smtp.received.at(-1)?.text ?? '')?.[0];
    await until(() => mailed() !== undefined, 'a code came by mail');
    keep(mailed(), mailed()?.replace(' ', ''));
  }, FLOWS_MS);
  afterAll(() => smtp.close());

  const birdsIn = (text: string): string[] =>
    BIRD_FORMS.flatMap((form) => {
      const found = text.indexOf(form);
      return found < 0 ? [] : [text.slice(Math.max(0, found - 120), found + 80)];
    });
  const issuedIn = (text: string): string[] => {
    const bytes = Buffer.from(text);
    return [...issued].filter((secret) => formsOf(secret).some((form) => bytes.includes(form)));
  };
  const expectNothingIn = (text: string): void => {
    expect(birdsIn(text)).toEqual([]);
    expect(issuedIn(text)).toEqual([]);
  };

  test('[SEC-04] the search finds what is there, in every form', () => {
    const [secret = ''] = [...issued].slice(-1);
    for (const whole of [
      `Basic ${Buffer.from(`secret-app:${BIRD}-1`).toString('base64')}`,
      `x=${encodeURIComponent(BIRD)}`,
    ])
      expect(birdsIn(whole).length).toBeGreaterThan(0);
    for (const form of formsOf(secret)) expect(issuedIn(`"${form}"`)).toEqual([secret]);
    for (const before of ['', 'a', 'ab', 'abc'])
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        expect(issuedIn(Buffer.from(`${before}${secret}z`).toString(encoding))).toEqual([secret]);
    expect([flows, kinds.length]).toEqual([KINDS * ROUNDS, KINDS]);
    expect([planted > 3000, issued.size > 400, answers.length > 800]).toEqual([true, true, true]);
  });

  test('[SEC-04] [A187] not in the log of the server', () => {
    expect(logged.length).toBeGreaterThan(100_000);
    expectNothingIn(logged);
  });

  test('[SEC-04] [SEC-3] not in the audit log: records, files, and the AuditEvents they become', async () => {
    const { audit, dataDir, issuer } = suite.server;
    expect(audit.length).toBeGreaterThan(800);
    expectNothingIn(JSON.stringify(audit));
    const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFile(path.join(parentPath, name), 'latin1')),
    );
    expect(files.join('').length).toBeGreaterThan(100_000);
    expectNothingIn(files.join('\n'));
    const house = { issuer, name: 'Test House' };
    const lines = await auditLinesOf(dataDir);
    const events = lines
      .flatMap((line) => placedIn(line) ?? [])
      .flatMap((placed) => auditEventsOf(placed, house));
    const queries = events.flatMap(({ entity = [] }) => entity.flatMap(({ query }) => query ?? []));
    const decoded = queries.map((query) => Buffer.from(query, 'base64').toString());
    expect(events.length).toBeGreaterThan(800);
    expectNothingIn([JSON.stringify(events), ...decoded].join('\n'));
  });

  test('[SEC-04] not in the metrics', async () => {
    const metrics = await (await fetch(`${suite.server.managementUrl}/metrics`)).text();
    expect(metrics).toContain('gatehouse_events_total');
    expectNothingIn(metrics);
  });

  test('[SEC-04] [A127] not in what refused requests are answered', () => {
    expectNothingIn(answers.join('\n'));
  });
});

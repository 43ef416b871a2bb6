import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { AddressInfo } from 'node:net';

import {
  ENDPOINTS,
  startCertification,
  type Certification,
  type Endpoint,
} from '../support/certification.ts';
import { openScreen, submit } from '../support/flow.ts';
import { APPS, TestKit, words, type LaunchOptions } from '../support/test-kit.ts';
import { agreedVersion, answerToPlainHttp, startOldServer } from '../support/tls-probe.ts';

const IDENTITY = 'openid fhirUser offline_access';
const STANDALONE = `launch/patient ${IDENTITY} patient/Patient.rs patient/Observation.rs`;
const PARTS = ['server', 'fhir', 'apps'] as const;

let run: Certification;
const kit = new TestKit(() => run);
beforeAll(async () => {
  run = await startCertification();
});
afterAll(async () => {
  expect(await run.stop()).toBe(0);
});

async function json(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expect([url, response.status]).toEqual([url, 200]);
  expect(response.headers.get('content-type')).toMatch(/json/);
  return (await response.json()) as Record<string, unknown>;
}

async function idTokenOf(token: unknown, app: string): Promise<{ readonly fhirUser: string }> {
  const { issuer, jwks_uri: keys } = await json(`${run.issuer}/.well-known/openid-configuration`);
  const { payload } = await jwtVerify(String(token), createRemoteJWKSet(new URL(String(keys))), {
    issuer: String(issuer),
    audience: `inferno-${app}`,
    algorithms: ['RS256'],
  });
  expect(payload).toMatchObject({
    sub: expect.any(String),
    exp: expect.any(Number),
    iat: expect.any(Number),
  });
  return { fhirUser: String(payload['fhirUser']) };
}

describe('the way there', () => {
  test.each(PARTS)('[GEN-01] [GEN-02] %s: TLS 1.2 and 1.3 are spoken, 1.1 is refused', async (part) => {
    const { ports, tls } = run;
    const speak = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3', port: number = ports[part]) =>
      agreedVersion(port, version, tls.authority);
    expect(await speak('TLSv1.3')).toBe('TLSv1.3');
    expect(await speak('TLSv1.2')).toBe('TLSv1.2');
    expect(await speak('TLSv1.1')).toBe('refused');
    const old = await startOldServer(tls);
    expect(await speak('TLSv1.1', (old.address() as AddressInfo).port)).toBe('TLSv1.1');
    await new Promise((resolve) => old.close(resolve));
  });

  test.each(PARTS)('[GEN-03] %s: plain http gets no answer', async (part) => {
    expect(await answerToPlainHttp(run.ports[part])).not.toContain('HTTP/1.1');
    await expect(fetch(`http://localhost:${run.ports[part]}/`)).rejects.toThrow('fetch failed');
  });

  const published = async (endpoint: Endpoint) => {
    const document = await json(`${run.fhir(endpoint)}/.well-known/smart-configuration`);
    const urls = Object.entries(document).filter(([name]) => /(_endpoint|_uri|^issuer)$/.test(name));
    for (const [name, url] of urls) expect([name, String(url).startsWith(run.issuer)]).toEqual([name, true]);
    return document;
  };

  test.each(['stu2.2', 'stu2'] as const)(
    '[GEN-05] [DISC-01] [G10-02] [G10-04] %s: what discovery must say for certification',
    async (endpoint) => {
      const document = await published(endpoint);
      expect(document).toMatchObject({
        issuer: run.issuer,
        jwks_uri: `${run.issuer}/jwks`,
        authorization_endpoint: `${run.issuer}/authorize`,
        token_endpoint: `${run.issuer}/token`,
        introspection_endpoint: `${run.issuer}/introspect`,
        grant_types_supported: expect.arrayContaining(['authorization_code', 'client_credentials']),
        code_challenge_methods_supported: ['S256'],
        capabilities: expect.arrayContaining(CERTIFIED),
      });
    },
  );

  test('[V1-02] [V1-03] stu1: endpoints stand in both places where apps of SMART 1.0.0 look', async () => {
    const { authorization_endpoint: authorize, token_endpoint: token, ...rest } = await published('stu1');
    expect([authorize, token]).toEqual([`${run.issuer}/authorize`, `${run.issuer}/token`]);
    expect(rest['capabilities']).toEqual(expect.arrayContaining(['launch-ehr', 'launch-standalone']));
    const { rest: parts } = await json(`${run.fhir('stu1')}/metadata`);
    const [{ security }] = parts as [{ security: { extension: [{ url: string; extension: unknown[] }] } }];
    const [{ url, extension }] = security.extension;
    expect(url).toBe('http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris');
    expect(extension).toEqual(
      expect.arrayContaining([
        { url: 'authorize', valueUri: authorize },
        { url: 'token', valueUri: token },
      ]),
    );
  });

  test('[G10-15] [OIDC-11] [OIDC-12] OpenID Connect discovery and the published keys', async () => {
    const document = await json(`${run.issuer}/.well-known/openid-configuration`);
    expect(document).toMatchObject({
      issuer: run.issuer,
      authorization_endpoint: `${run.issuer}/authorize`,
      token_endpoint: `${run.issuer}/token`,
      response_types_supported: expect.arrayContaining(['code']),
      subject_types_supported: expect.arrayContaining(['public']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
    });
    const { keys } = await json(String(document['jwks_uri']));
    expect(keys).toContainEqual(expect.objectContaining({ kty: 'RSA', kid: expect.any(String) }));
  });
});

describe.each(ENDPOINTS)('standalone launch of a patient, %s', (endpoint) => {
  test.each(APPS)(
    '[G10-14] [G10-17] [G10-18] [CAP-07] [TOK-15] [V1-10] %s app: token, record, identity, refresh',
    async (app) => {
      const launched = await kit.launch(endpoint, { app, scope: STANDALONE });
      const { status, headers, body } = launched.token;
      expect(status).toBe(200);
      expect(body).toEqual({ ...TOKEN_MEMBERS, id_token: expect.any(String), patient: 'amy-shaw' });
      expect(words(body.scope)).toEqual(words(STANDALONE));
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);

      const patient = await kit.read(endpoint, 'Patient/amy-shaw', body.access_token);
      expect(patient).toMatchObject({ status: 200, body: { resourceType: 'Patient', id: 'amy-shaw' } });
      const { fhirUser } = await idTokenOf(body['id_token'], app);
      expect(fhirUser).toBe(`${run.fhir(endpoint)}/Patient/amy-shaw`);

      const again = await kit.refresh(launched);
      expect(again).toMatchObject({ status: 200, body: { ...TOKEN_MEMBERS, scope: body.scope } });
      expect(again.headers.get('cache-control')).toBe('no-store');
      expect(again.headers.get('pragma')).toBe('no-cache');
      const asked = await kit.refresh(launched, body.scope, again.body.refresh_token);
      expect(words(asked.body.scope)).toEqual(words(STANDALONE));
      expect((await kit.read(endpoint, 'Patient/amy-shaw', asked.body.access_token)).status).toBe(200);
      expect((await kit.read(endpoint, 'Condition?patient=amy-shaw', asked.body.access_token)).status).toBe(
        403,
      );
    },
  );

  test('[G10-16] [TOK-03] [TOK-04] [TOK-05] [TOK-06] a code is for one verifier, redirect URI and client', async () => {
    const options: LaunchOptions = { app: 'symmetric', scope: STANDALONE };
    const { verifier: another } = await kit.codeFor(endpoint, options);
    const attempts: ((right: Record<string, string>) => Record<string, string>)[] = [
      ({ code_verifier: _left, ...others }) => others,
      (right) => ({ ...right, code_verifier: '' }),
      (right) => ({ ...right, code_verifier: another }),
      (right) => ({ ...right, code: `${right['code'] ?? ''}x` }),
      (right) => ({ ...right, redirect_uri: `${kit.redirectUri(endpoint)}/other` }),
    ];
    for (const change of attempts) {
      const { code, verifier } = await kit.codeFor(endpoint, options);
      const right = { code, code_verifier: verifier, redirect_uri: kit.redirectUri(endpoint) };
      const sent = { grant_type: 'authorization_code', ...change(right) };
      const { status, body } = await kit.askToken(options, sent);
      expect([sent, status]).toEqual([sent, 400]);
      expect(body.error).toMatch(/^invalid_(grant|request)$/);
      expect(body.access_token).toBeUndefined();
    }
    const { code, verifier } = await kit.codeFor(endpoint, options);
    const asPublic = { ...options, app: 'public' as const };
    const stolen = await kit.redeem(endpoint, asPublic, { code, code_verifier: verifier });
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    const bare = { client_id: 'inferno-symmetric', grant_type: 'refresh_token', refresh_token: 'x' };
    const unproven = await kit.askToken({ app: 'public' }, bare);
    expect([unproven.status, unproven.body.error]).toEqual([401, 'invalid_client']);
  });

  test('[G10-16] [REF-18] a refresh token that is none is refused', async () => {
    const launched = await kit.launch(endpoint, { app: 'symmetric', scope: STANDALONE });
    const { status, body } = await kit.refresh(launched, undefined, 'not-a-refresh-token');
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[G10-06] [SEC-02] [SEM-02] aud: another server gets no code, a token works at its own server only', async () => {
    const wrong = { scope: STANDALONE, params: { aud: 'https://fhir.example.org/r4' } };
    const { callback, code } = await kit.codeFor(endpoint, wrong);
    expect([callback.searchParams.get('error'), code]).toEqual(['invalid_request', '']);
    const { token } = await kit.launch(endpoint, { scope: STANDALONE });
    for (const one of ENDPOINTS) {
      const { status } = await kit.read(one, 'Patient/amy-shaw', token.body.access_token);
      expect([one, status]).toEqual([one, one === endpoint ? 200 : 401]);
    }
  });

  test('[AUTHZ-05] a redirect URI that is not registered is not redirected to', async () => {
    const params = { redirect_uri: `${kit.redirectUri(endpoint)}/other` };
    await expect(kit.codeFor(endpoint, { params })).rejects.toThrow(/the page answered 400/);
  });

  test('[G10-16] [CONS-14] the person declines', async () => {
    const params = { aud: run.fhir(endpoint), redirect_uri: kit.redirectUri(endpoint) };
    const person = { username: 'amy', password: 'demo-amy-1' };
    const clientId = 'inferno-public';
    const screen = await openScreen(run.issuer, 'consent', {
      clientId,
      params,
      ...person,
      scope: STANDALONE,
    });
    const back = await submit(run.issuer, { ...screen, fields: { ...screen.fields, cancel: ['yes'] } });
    expect(back.callback?.searchParams.get('error')).toBe('access_denied');
    expect(back.callback?.searchParams.has('code')).toBe(false);
  });
});

/** Which suite of the kit tests which of our endpoints. */
const SUITES: Record<Endpoint, string> = { 'stu2.2': 'smart_stu2_2', stu2: 'smart_stu2', stu1: 'smart' };

describe.each(ENDPOINTS)('launch from the EHR, %s', (endpoint) => {
  const launchUri = `https://inferno.healthit.gov/suites/custom/${SUITES[endpoint]}/launch`;
  const press = ({ app = 'inferno-public', ...form }: Record<string, string> = {}) =>
    kit.press({ user: 'david', app: `${app} ${launchUri}`, endpoint: run.fhir(endpoint), ...VISIT, ...form });

  test('[G10-05] [G10-12] [CAP-08] [LCH-01] [LCH-02] by POST: patient, encounter, banner and style', async () => {
    const opened = await press({ need_patient_banner: 'true' });
    expect(opened.href.split('?')[0]).toBe(launchUri);
    expect(opened.searchParams.get('iss')).toBe(run.fhir(endpoint));
    const scope = `launch ${IDENTITY} user/Patient.rs user/Encounter.rs user/Practitioner.rs`;
    const launched = await kit.follow(endpoint, opened, { username: 'david', scope });
    const { status, body } = launched.token;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...TOKEN_MEMBERS,
      patient: 'ben-okafor',
      encounter: 'ben-okafor-visit-1',
      need_patient_banner: true,
      smart_style_url: expect.stringMatching(/^https:/),
    });
    expect(words(body.scope)).toEqual(words(scope));
    const { fhirUser } = await idTokenOf(body['id_token'], 'public');
    expect(fhirUser).toBe(`${run.fhir(endpoint)}/Practitioner/david-lund`);
    for (const path of ['Patient/ben-okafor', 'Encounter/ben-okafor-visit-1', 'Practitioner/david-lund']) {
      const { status: read, body: resource } = await kit.read(endpoint, path, body.access_token);
      expect([read, `${resource.resourceType}/${resource.id}`]).toEqual([200, path]);
    }
    expect(await json(String(body['smart_style_url']))).toMatchObject({
      color_background: expect.any(String),
    });
    expect((await kit.refresh(launched)).body).toMatchObject({ patient: 'ben-okafor', scope: body.scope });
  });

  test.each(APPS)('[G10-05] [G10-13] [G10-17] by GET, %s app: patient-level scopes', async (app) => {
    const opened = await press({ app: `inferno-${app}` });
    const scope = `launch ${IDENTITY} patient/Patient.rs`;
    const params = { launch: opened.searchParams.get('launch') ?? '' };
    const { token } = await kit.launch(endpoint, { app, username: 'david', scope, params });
    expect(token.body).toMatchObject({ patient: 'ben-okafor', need_patient_banner: false });
    expect(words(token.body.scope)).toEqual(words(scope));
    expect((await kit.read(endpoint, 'Patient/ben-okafor', token.body.access_token)).status).toBe(200);
    expect((await kit.read(endpoint, 'Patient/amy-shaw', token.body.access_token)).status).toBe(404);
  });
});

const VISIT = { patient: 'ben-okafor', encounter: 'ben-okafor-visit-1' };

const TOKEN_MEMBERS = {
  access_token: expect.any(String),
  token_type: 'Bearer',
  expires_in: 3600,
  scope: expect.any(String),
  refresh_token: expect.any(String),
};

const CERTIFIED = [
  ...['launch-ehr', 'launch-standalone', 'authorize-post', 'sso-openid-connect'],
  ...['client-public', 'client-confidential-symmetric', 'client-confidential-asymmetric'],
  ...['context-banner', 'context-style', 'context-ehr-patient', 'context-ehr-encounter'],
  ...['context-standalone-patient', 'permission-offline', 'permission-patient', 'permission-user'],
  ...['permission-v1', 'permission-v2'],
];

import { describe, expect, test } from '@jest/globals';
import {
  browserOrigins,
  clientRegistration,
  isClientId,
  type ClientRegistrationInput,
} from '../../../src/clients/index.ts';

const app: ClientRegistrationInput = {
  client_id: 'growth-chart',
  client_name: 'Growth Chart',
  redirect_uris: ['https://app.example/cb'],
};
const rsa = { kty: 'RSA', kid: 'k1', n: 'n'.repeat(342), e: 'AQAB' };
const ec = { kty: 'EC', kid: 'k2', crv: 'P-384', x: 'x', y: 'y' };
const backend: ClientRegistrationInput = {
  client_id: 'bulk',
  client_name: 'Bulk export',
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['client_credentials'],
  jwks: { keys: [rsa, ec] } as ClientRegistrationInput['jwks'],
};

/** What is wrong with a registration, as `member: message`; empty when nothing is. */
function problemsOf(input: unknown): string[] {
  const { error } = clientRegistration.safeParse(input);
  return (error?.issues ?? []).map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  );
}

describe('redirect URIs', () => {
  test.each([
    // attack row  redirect URI                          what is wrong with it
    ['CRG-01', 'https://app.example/cb', undefined],
    ['CRG-01', 'https://app.example/cb?tab=1', undefined],
    ['CRG-01', '/cb', 'must be an absolute URL'],
    ['CRG-01', 'app.example/cb', 'must be an absolute URL'],
    ['A010', 'https://app.example/cb#here', 'must not have a fragment'],
    ['A010', 'https://app.example/cb#', 'must not have a fragment'],
    ['A011', 'http://app.example/cb', 'must use https, except on localhost'],
    ['A012', 'http://127.0.0.1:4000/cb', undefined],
    ['A012', 'http://[::1]:4000/cb', undefined],
    ['A012', 'http://localhost:4000/cb', undefined],
    ['A012', 'http://127.0.0.1.evil.example/cb', 'must use https, except on localhost'],
    ['A012', 'http://localhost.evil.example/cb', 'must use https, except on localhost'],
    ['A012', 'http://[::ffff:127.0.0.1]/cb', 'must use https, except on localhost'],
    ['A012', 'http://0.0.0.0/cb', 'must use https, except on localhost'],
    ['A013', 'javascript:alert(1)', 'must not use the javascript: scheme'],
    ['A013', 'JavaScript:alert(1)', 'must not use the javascript: scheme'],
    ['A013', 'data:text/html,x', 'must not use the data: scheme'],
    ['A013', 'file:///etc/passwd', 'must not use the file: scheme'],
    ['A013', 'blob:https://app.example/1', 'must not use the blob: scheme'],
    [
      'A013',
      ' javascript:alert(1)',
      'must use https or a private scheme with a dot in it, such as com.example.app:',
    ],
    ['A014', 'myapp:/cb', 'must use https or a private scheme with a dot in it, such as com.example.app:'],
    ['A015', 'https://*.app.example/cb', 'must not contain a wildcard'],
    ['A015', 'https://app.example/*', 'must not contain a wildcard'],
    ['A016', 'https://app.example/cb?code=1', 'must not carry code or state itself'],
    ['A016', 'https://app.example/cb?state=1', 'must not carry code or state itself'],
    ['A006', 'https://app.example@evil.example/cb', 'must not contain a user name or password'],
  ])('[%s] %s → %s', (_row, uri, problem) => {
    const expected = problem === undefined ? [] : [`redirect_uris.0: ${problem}`];
    expect(problemsOf({ ...app, redirect_uris: [uri] })).toEqual(expected);
  });

  test('[CRG-14] [A014] a private scheme is for native apps only', () => {
    const native = { ...app, application_type: 'native', redirect_uris: ['com.example.app:/cb'] };
    expect(problemsOf(native)).toEqual([]);
    expect(problemsOf({ ...native, application_type: 'web' })).toEqual([
      'a redirect_uri with a private scheme needs application_type native',
    ]);
  });

  test('[A017] 2048 characters are enough, 2049 too many', () => {
    const uri = (length: number): string => 'https://app.example/'.padEnd(length, 'x');
    expect(problemsOf({ ...app, redirect_uris: [uri(2048)] })).toEqual([]);
    expect(problemsOf({ ...app, redirect_uris: [uri(2049)] })).toHaveLength(1);
  });

  test('[A189] twenty redirect URIs are enough, twenty-one too many', () => {
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `https://app.example/${at}`);
    expect(problemsOf({ ...app, redirect_uris: many(20) })).toEqual([]);
    expect(problemsOf({ ...app, redirect_uris: many(21) })).toHaveLength(1);
  });

  test.each([
    // allowed origin                          is one
    ['https://spa.example', true],
    ['https://spa.example:8443', true],
    ['http://localhost:4000', true],
    ['http://[::1]:4000', true],
    ['https://spa.example/', false],
    ['https://spa.example:443', false],
    ['https://SPA.example', false],
    ['https://spa.example/app', false],
    ['https://user@spa.example', false],
    ['com.example.app://here', false],
    ['*', false],
    ['null', false],
    ['not an origin', false],
    ['', false],
  ])('[CORS-03] [A192] allowed origin "%s": %s', (origin, isOne) => {
    const problem =
      'allowed_origins.0: must be an origin as browsers send it, such as https://app.example: ' +
      'http or https, no path and no last slash';
    expect(problemsOf({ ...app, allowed_origins: [origin] })).toEqual(isOne ? [] : [problem]);
  });

  test('[CRG-02] launch URLs are held to the same rules', () => {
    expect(problemsOf({ ...app, launch_uris: ['https://app.example/launch?x=1'] })).toEqual([]);
    expect(problemsOf({ ...app, launch_uris: ['http://app.example/launch'] })).toEqual([
      'launch_uris.0: must use https, except on localhost',
    ]);
  });
});

describe('where an app is told of a sign-out', () => {
  test.each([
    ['https://app.example/out?tenant=1', undefined],
    ['http://localhost:4000/out', undefined],
    ['http://app.example/out', 'must be an https URL; http is accepted on localhost only'],
    ['/out', 'must be an https URL; http is accepted on localhost only'],
    ['https://app.example/out#here', 'must have no fragment'],
    ['https://me:secret@app.example/out', 'must not contain a user name or password'],
  ])('[openid-backchannel§2.2] "%s": %s', (uri, problem) => {
    const problems = problemsOf({ ...app, scope: 'openid', backchannel_logout_uri: uri });
    expect(problems[0]).toEqual(problem && `backchannel_logout_uri: ${problem}`);
  });
});

const OUT = 'https://app.example/out';

describe('contradictions', () => {
  const secret = 'a-secret-of-enough-length';
  test.each([
    // requirement change                                                      what is wrong
    ['CRG-08', { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret }, undefined],
    [
      'CRG-08',
      { token_endpoint_auth_method: 'client_secret_basic' },
      'client_secret_basic needs a client_secret',
    ],
    ['CRG-08', { client_secret: secret }, 'none takes no client_secret'],
    ['CRG-04', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [rsa] } }, undefined],
    [
      'CRG-04',
      { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks.json' },
      undefined,
    ],
    ['CRG-04', { token_endpoint_auth_method: 'private_key_jwt' }, 'private_key_jwt needs jwks or jwks_uri'],
    [
      'A189',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [rsa] },
        jwks_uri: 'https://app.example/jwks.json',
      },
      'give jwks or jwks_uri, not both',
    ],
    [
      'CRG-18',
      {
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: secret,
        grant_types: ['authorization_code', 'client_credentials'],
      },
      'client_credentials is for private_key_jwt clients only (SMART Backend Services)',
    ],
    [
      'A179',
      { grant_types: ['authorization_code', 'client_credentials'] },
      'client_credentials is for private_key_jwt clients only (SMART Backend Services)',
    ],
    ['CRG-01', { redirect_uris: [] }, 'authorization_code needs a redirect_uri'],
    ['CRG-12', { grant_types: ['refresh_token'] }, 'refresh_token needs authorization_code beside it'],
    [
      'openid-backchannel§2.2',
      { scope: 'openid', backchannel_logout_uri: OUT, backchannel_logout_session_required: true },
      undefined,
    ],
    [
      'openid-backchannel§2.2',
      { backchannel_logout_session_required: false },
      'backchannel_logout_session_required needs a backchannel_logout_uri',
    ],
    ...[{ scope: 'launch/patient' }, { scope: 'openid', grant_types: [] }].map(
      (change) =>
        [
          'openid-backchannel§2.2',
          { ...change, backchannel_logout_uri: OUT },
          'backchannel_logout_uri is for clients that get id tokens: authorization_code, and openid in scope',
        ] as const,
    ),
  ])('[%s] with %j: %s', (_requirement, change, problem) => {
    expect(problemsOf({ ...app, ...change })).toEqual(problem === undefined ? [] : [problem]);
  });

  test('[CRG-12] every contradiction is reported at once', () => {
    const wrong = { client_id: 'x', client_name: 'X', client_secret: secret, grant_types: ['refresh_token'] };
    expect(problemsOf(wrong)).toEqual([
      'none takes no client_secret',
      'refresh_token needs authorization_code beside it',
    ]);
  });
});

describe('keys', () => {
  const withKeys = (...keys: unknown[]): unknown => ({ ...backend, jwks: { keys } });

  test('[CRG-06] RSA and EC public keys are accepted, with whatever else they say', () => {
    expect(problemsOf(withKeys({ ...rsa, use: 'sig', alg: 'RS384', key_ops: ['verify'] }, ec))).toEqual([]);
  });

  test.each([
    // requirement key                                              what is wrong
    ['CRG-06', { ...rsa, n: undefined }, 'jwks.keys.0: lacks n'],
    ['CRG-06', { kty: 'RSA', kid: 'k', x5c: ['…'] }, 'jwks.keys.0: lacks n, e'],
    ['CRG-06', { kty: 'EC', kid: 'k', crv: 'P-384' }, 'jwks.keys.0: lacks x, y'],
    ['A152', { ...rsa, d: 'private' }, 'jwks.keys.0: holds a private key; register the public half only'],
    ['A152', { ...ec, d: 'private' }, 'jwks.keys.0: holds a private key; register the public half only'],
    ['A152', { ...rsa, p: 'a prime' }, 'jwks.keys.0: holds a private key; register the public half only'],
  ])('[%s] %j', (_requirement, key, problem) => {
    expect(problemsOf(withKeys(key))).toEqual([problem]);
  });

  test.each([
    ['CRG-06', { ...rsa, kid: undefined }, 'jwks.keys.0.kid'],
    ['CRG-06', { ...rsa, kid: '' }, 'jwks.keys.0.kid'],
    ['CRG-06', { kid: 'k' }, 'jwks.keys.0.kty'],
    ['A131', { kty: 'oct', kid: 'k', k: 'c2VjcmV0' }, 'jwks.keys.0.kty'],
  ])('[%s] %j is refused at %s', (_requirement, key, path) => {
    expect(problemsOf(withKeys(key)).map((problem) => problem.split(':')[0])).toEqual([path]);
  });

  test('[A136] two keys of one kid are refused', () => {
    expect(problemsOf(withKeys(rsa, { ...ec, kid: rsa.kid }))).toEqual([
      'jwks: each key needs a kid of its own',
    ]);
  });

  test('[A156] fifty keys are enough, and none is too few', () => {
    const keys = (count: number): unknown[] =>
      Array.from({ length: count }, (_, at) => ({ ...rsa, kid: `k${at}` }));
    expect(problemsOf(withKeys(...keys(50)))).toEqual([]);
    expect(problemsOf(withKeys(...keys(51)))).toHaveLength(1);
    expect(problemsOf(withKeys())).toHaveLength(1);
  });

  test.each([
    ['https://app.example/jwks.json', true],
    ['http://localhost:4000/jwks.json', true],
    ['http://app.example/jwks.json', false],
    ['file:///keys.json', false],
    ['/jwks.json', false],
  ])('[CRG-07] keys at %s: %s', (uri, accepted) => {
    const { jwks: _inline, ...remote } = backend;
    expect(problemsOf({ ...remote, jwks_uri: uri }).length).toBe(accepted ? 0 : 1);
  });
});

describe('everything else', () => {
  test('[CRG-12] what is not said is what a public app needs', () => {
    expect(clientRegistration.parse(app)).toEqual({
      ...app,
      launch_uris: [],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: '',
      application_type: 'web',
      consent: 'always',
      rights: [],
    });
  });

  test.each([
    ['openid launch/patient patient/*.rs', []],
    ['patient/Observation.rs?category=http://x|y __own https://x.example/s', []],
    ['', []],
    ['openid patient/Observation.dus', ['scope: patient/Observation.dus is not a scope (permissions)']],
    ['patient/unicorn.rs', ['scope: patient/unicorn.rs is not a scope (resource-type)']],
  ])('[CRG-10] registered for "%s"', (scope, problems) => {
    expect(problemsOf({ ...app, scope })).toEqual(problems);
  });

  test('[A083] a member there is no place for is refused, not dropped', () => {
    expect(problemsOf({ ...app, admin: true })).toEqual(['Unrecognized key: "admin"']);
    expect(problemsOf({ ...app, rights: ['introspect', 'admin'] })).toHaveLength(1);
  });

  test.each([
    ['a', true],
    ['Growth.Chart_1~x-2', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['', false],
    ['a b', false],
    ['a:b', false],
    ['a%b', false],
    ['a}b', false],
    ['app\n', false],
    ['é', false],
  ])('[CLI-03] %j is of the shape of a client id: %s', (id, expected) => {
    expect(isClientId(id)).toBe(expected);
    expect(problemsOf({ ...app, client_id: id })).toHaveLength(expected ? 0 : 1);
  });

  test.each([
    ['short', 1],
    ['sixteen-letters!', 1],
    ['sixteen-letters-', 0],
    ['x'.repeat(257), 1],
    [`sha256:${'A'.repeat(43)}`, 1],
  ])('[CLI-03] the secret %j', (client_secret, problems) => {
    const registration = { ...app, token_endpoint_auth_method: 'client_secret_basic', client_secret };
    expect(problemsOf(registration)).toHaveLength(problems);
  });
});

describe('browserOrigins', () => {
  test.each([
    [
      'CORS-03',
      { redirect_uris: ['https://a.example/cb', 'https://a.example/other'] },
      ['https://a.example'],
    ],
    ['CORS-03', { redirect_uris: ['http://localhost:4000/cb'] }, ['http://localhost:4000']],
    ['CORS-03', { redirect_uris: ['com.example.app:/cb'] }, []],
    [
      'CORS-02',
      { redirect_uris: ['https://a.example/cb'], allowed_origins: ['https://b.example'] },
      ['https://b.example'],
    ],
    ['CORS-02', { redirect_uris: ['https://a.example/cb'], allowed_origins: [] }, []],
    [
      'CORS-03',
      { redirect_uris: ['https://a.example/cb'], allowed_origins: ['null', '*', 'https://b.example'] },
      ['https://b.example'],
    ],
  ])('[%s] %j → %j', (_requirement, client, origins) => {
    expect(browserOrigins(client)).toEqual(origins);
  });
});

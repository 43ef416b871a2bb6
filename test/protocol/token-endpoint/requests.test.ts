import { describe, expect, test } from '@jest/globals';

import { expectRecorded, expectTokenRefused } from '../../support/audited.ts';
import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, postForm, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const BACKEND = await keyedClient('backend', 'ES384', { scope: 'system/Patient.rs system/Observation.rs' });
const CODE = {
  grant_type: 'authorization_code',
  code: 'x',
  redirect_uri: REDIRECT,
  code_verifier: 'x'.repeat(43),
};

describe.each(DRIVERS)('token requests on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP, SECRET_APP, BACKEND.registration] }));
  const token = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(`${suite.server.issuer}/token`, form, headers);

  const APP = { client_id: 'public-app' };
  test.each([
    ['A115', 'password', { ...APP, grant_type: 'password' }, {}, [400], 'unsupported_grant_type'],
    ['A115', 'implicit', { ...APP, grant_type: 'implicit' }, {}, [400], 'unsupported_grant_type'],
    [
      'A115',
      'a token exchange',
      { ...APP, grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' },
      {},
      [400],
      'unsupported_grant_type',
    ],
    ['TOK-01', 'no grant type', { ...APP, code: 'x' }, {}, [400], 'invalid_request'],
    [
      'A179',
      'client_credentials by a public client',
      { ...APP, grant_type: 'client_credentials', scope: 'system/*.rs' },
      {},
      [400, 401],
      'unauthorized_client',
    ],
    [
      'BSV-03',
      'client_credentials with a secret',
      { grant_type: 'client_credentials', scope: 'system/*.rs' },
      basic('secret-app', SECRET),
      [400, 401],
      'unauthorized_client',
    ],
    ['TOK-05', 'a code nobody issued', { ...APP, ...CODE }, {}, [400], 'invalid_grant'],
    [
      'TOK-01',
      'no code',
      { ...APP, grant_type: 'authorization_code', redirect_uri: REDIRECT },
      {},
      [400],
      'invalid_request',
    ],
    ['REF-01', 'no refresh token', { ...APP, grant_type: 'refresh_token' }, {}, [400], 'invalid_request'],
    ['CLI-11', 'an unknown client', { ...CODE, client_id: 'nobody' }, {}, [401], 'invalid_client'],
    ['TOK-02', 'no client at all', CODE, {}, [400, 401], 'invalid_request'],
    [
      'CLI-04',
      'a secret in the body',
      { ...CODE, client_id: 'secret-app', client_secret: SECRET },
      {},
      [400, 401],
      'invalid_client',
    ],
    [
      'A128',
      'a secret and an assertion',
      { ...CODE, client_assertion_type: ASSERTION_TYPE, client_assertion: 'x.y.z' },
      basic('secret-app', SECRET),
      [400],
      'invalid_request',
    ],
    [
      'A129',
      'Basic without a colon',
      CODE,
      { authorization: `Basic ${Buffer.from('secret-app').toString('base64')}` },
      [400],
      'invalid_request',
    ],
    ['A129', 'Basic that is no base64', CODE, { authorization: 'Basic ***' }, [400, 401], 'invalid_request'],
  ] as const)(
    '[%s] [audited] %s is refused, never cached, with a reference, and on record',
    async (_id, _what, form, headers, statuses, error) => {
      const ask = () => token({ ...form }, { ...headers });
      const refused = await expectTokenRefused(suite.server.audit, ask, new RegExp(`^${error}: `));
      expect(JSON.stringify(suite.server.audit.at(-1))).not.toMatch(/xxxx|a-secret/);
      expect(statuses).toContain(refused.status);
      expect(refused.body.error).toBe(error);
      expect(refused.body['error_description']).toMatch(
        /^.+ \(reference [a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\)$/,
      );
      expect(refused.headers.get('x-request-id')).toMatch(/^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
      expect([refused.headers.get('cache-control'), refused.headers.get('pragma')]).toEqual([
        'no-store',
        'no-cache',
      ]);
    },
  );

  test.each([
    ['A113', 'JSON', 'application/json', JSON.stringify({ ...APP, ...CODE })],
    [
      'A113',
      'multipart',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
    ],
    [
      'A114',
      'a parameter twice',
      'application/x-www-form-urlencoded',
      `${new URLSearchParams({ ...APP, ...CODE })}&code=y`,
    ],
    ['A117', 'a body of 100 kB', 'application/x-www-form-urlencoded', `a=${'x'.repeat(100_000)}`],
    [
      'A117',
      'ten thousand parameters',
      'application/x-www-form-urlencoded',
      Array.from({ length: 10_000 }, (_, n) => `p${n}=1`).join('&'),
    ],
    ['A117', 'nothing', 'application/x-www-form-urlencoded', ''],
  ])('[%s] [audited] %s → 4xx invalid_request', async (_id, what, type, body) => {
    const ask = () =>
      fetch(`${suite.server.issuer}/token`, { method: 'POST', headers: { 'content-type': type }, body });
    const response = await expectRecorded(suite.server.audit, ask, {
      // What is too long is refused before anybody reads who sent it.
      type: /^(a body of|ten thousand)/.test(what) ? 'request.refused' : 'token.refused',
      reason: /^invalid_request: /,
    });
    expect([400, 413, 415]).toContain(response.status);
    expect(response.headers.get('pragma')).toBe('no-cache');
    const answer = (await response.json()) as Record<string, string>;
    expect(answer['error']).toBe('invalid_request');
    expect(answer['error_description']).toMatch(/\(reference \S{14}\)$/);
    expect(JSON.stringify(answer)).not.toMatch(/node_modules|\.ts:|at \w+ \(/);
  });

  test.each(['text/html', '*/*', undefined])(
    '[TOK-20] a denied request is answered with JSON that says so, whatever Accept is: %s',
    async (accept) => {
      const headers = accept === undefined ? {} : { accept };
      for (const [form, status, error] of [
        [{ ...APP, ...CODE }, 400, 'invalid_grant'],
        [{ ...CODE, client_id: 'nobody' }, 401, 'invalid_client'],
        [{ ...APP, grant_type: 'password' }, 400, 'unsupported_grant_type'],
        [{ ...APP, grant_type: 'refresh_token' }, 400, 'invalid_request'],
      ] as const) {
        const refused = await token({ ...form }, headers);
        expect([refused.status, refused.headers.get('content-type')]).toEqual([
          status,
          expect.stringMatching(/^application\/json/),
        ]);
        expect(refused.body).toEqual({ error, error_description: expect.stringMatching(/^.{5,}/) });
      }
    },
  );

  test('[TOK-15] [TOK-23] [INT-16] [A121] no answer of the token endpoint, nor of introspection, may be kept: no-store and no-cache', async () => {
    const { issuer } = suite.server;
    const first = await redeem(issuer, await authorize(issuer));
    const refresh = { ...APP, grant_type: 'refresh_token', refresh_token: first.body.refresh_token };
    const again = await token(refresh);
    const backend = await backendToken(issuer, BACKEND, 'system/Patient.rs');
    const introspected = await postForm(
      `${issuer}/introspect`,
      { token: first.body.access_token },
      basic('secret-app', SECRET),
    );
    const refused = await token({ ...APP, ...CODE });
    const answers = [first, again, backend, introspected, refused];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400]);
    for (const { headers } of answers)
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  });

  test('[A111] [audited] GET /token is not there, and the query is no body', async () => {
    const query = new URLSearchParams({ ...APP, ...CODE });
    expect([404, 405]).toContain((await fetch(`${suite.server.issuer}/token?${query}`)).status);
    const posted = await expectTokenRefused(
      suite.server.audit,
      () => fetch(`${suite.server.issuer}/token?${query}`, { method: 'POST' }),
      /^invalid_request: /,
    );
    expect(posted.status).toBe(400);
  });

  test('[A128] [audited] [TOK-24] a right secret in the header and another one in the form: refused, and the code stays good', async () => {
    const code = await authorize(suite.server.issuer, { clientId: 'secret-app' });
    const both = [{ client_secret: SECRET }, basic('secret-app', SECRET)] as const;
    const twice = await expectRecorded(suite.server.audit, () => redeem(suite.server.issuer, code, ...both), {
      ...{ type: 'request.refused', reason: /^invalid_request: authenticate the client in one way/ },
      more: { clientId: 'secret-app', what: 'token' },
    });
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
    expect(twice.body).not.toHaveProperty('access_token');
    expect((await redeem(suite.server.issuer, code, {}, basic('secret-app', SECRET))).status).toBe(200);
  });

  test('[A122] [TOK-02] parameters nobody knows are ignored', async () => {
    const authorized = await authorize(suite.server.issuer);
    const { status } = await redeem(suite.server.issuer, authorized, { ...APP, vendor_hint: 'x' });
    expect(status).toBe(200);
  });

  test('[REF-01] [A130] [audited] a public app may leave out its client_id when refreshing; a confidential one cannot', async () => {
    const { body } = await redeem(suite.server.issuer, await authorize(suite.server.issuer));
    const again = await token({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
    expect([again.status, again.body['patient']]).toEqual([200, 'p1']);
    const code = await authorize(suite.server.issuer, { clientId: 'secret-app' });
    const { body: secret } = await redeem(suite.server.issuer, code, {}, basic('secret-app', SECRET));
    const bare = { grant_type: 'refresh_token', refresh_token: secret.refresh_token };
    const refused = await expectTokenRefused(
      suite.server.audit,
      () => token(bare),
      /^invalid_(client|request)/,
    );
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.body).not.toHaveProperty('access_token');
  });

  test('[CORS-02] [CORS-10] [A192] only the origins of an app may read what its token requests give, errors too', async () => {
    const origin = new URL(REDIRECT).origin;
    for (const [sent, allowed] of [
      [origin, origin],
      ['https://evil.example', null],
    ] as const) {
      const { headers } = await token({ ...APP, ...CODE }, { origin: sent });
      expect(headers.get('access-control-allow-origin')).toBe(allowed);
    }
    const preflight = await fetch(`${suite.server.issuer}/token`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBeLessThan(300);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
  });

  describe('backend services', () => {
    const backend = (scope: string | undefined) => backendToken(suite.server.issuer, BACKEND, scope);

    test('[BSV-07] [BSV-09] [BSV-10] [BSV-15] [A171] [A178] a short token, nothing else beside it, never cached', async () => {
      const { status, body, headers } = await backend('system/Patient.rs');
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
      expect(body).toMatchObject({ token_type: 'Bearer', scope: 'system/Patient.rs' });
      expect(body['expires_in']).toBeLessThanOrEqual(300);
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    });

    test('[BSV-01] a token for exactly four parameters, all in the form; without any one of them none', async () => {
      const form = async (): Promise<Record<string, string>> => ({
        grant_type: 'client_credentials',
        scope: 'system/Patient.rs',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await BACKEND.assertion(`${suite.server.issuer}/token`),
      });
      expect((await token(await form())).status).toBe(200);
      for (const left of Object.keys(await form())) {
        const { [left]: _left, ...rest } = await form();
        const { status, body } = await token(rest);
        expect([left, [400, 401].includes(status), body.access_token]).toEqual([left, true, undefined]);
      }
      const other = await token({ ...(await form()), grant_type: 'urn:example:other' });
      expect([other.status, other.body.error]).toEqual([400, 'unsupported_grant_type']);
      const query = new URLSearchParams(await form());
      expect((await fetch(`${suite.server.issuer}/token?${query}`, { method: 'POST' })).status).toBe(400);
    });

    test('[BSV-11] errors are those of RFC 6749: the code, a status that goes with it, and a description', async () => {
      const { issuer } = suite.server;
      const wrong = await BACKEND.assertion('https://else.example/token');
      const asked = [
        await backend(undefined),
        await backend('system/Condition.rs'),
        await backendToken(issuer, BACKEND, 'system/Patient.rs', { client_assertion: wrong }),
        await backendToken(issuer, BACKEND, 'system/Patient.rs', { grant_type: 'password' }),
        await token({ grant_type: 'client_credentials', scope: 'system/*.rs' }, basic('secret-app', SECRET)),
      ];
      expect(asked.map(({ status, body }) => [status, body.error])).toEqual([
        [400, 'invalid_request'],
        [400, 'invalid_scope'],
        [401, 'invalid_client'],
        [400, 'unsupported_grant_type'],
        [400, 'unauthorized_client'],
      ]);
      for (const { headers, body } of asked) {
        expect(headers.get('content-type')).toMatch(/^application\/json/);
        expect(Object.keys(body).filter((name) => !['error', 'error_description'].includes(name))).toEqual(
          [],
        );
        // RFC 6749 §5.2 names the characters a description may have.
        expect(body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{5,}$/);
      }
    });

    test.each([
      ['A175', 'no scope', undefined, 'invalid_request'],
      ['BSV-02', 'an empty scope', '', 'invalid_request'],
      ['A176', 'a patient scope', 'patient/Patient.rs', 'invalid_scope'],
      ['BSV-06', 'a user scope', 'user/Patient.rs', 'invalid_scope'],
      ['A177', 'a type beyond the registration', 'system/Condition.rs', 'invalid_scope'],
      ['SCO-04', 'a malformed scope', 'system/Patient.sr', 'invalid_scope'],
      ['BSV-05', 'context and identity', 'openid launch/patient offline_access', 'invalid_scope'],
    ])('[%s] [audited] %s → %s %s', async (_id, _what, scope, error) => {
      const { status, body } = await expectTokenRefused(
        suite.server.audit,
        () => backend(scope),
        new RegExp(`^${error}: `),
        { clientId: 'backend', grantType: 'client_credentials' },
      );
      expect([status, body.error]).toEqual([400, error]);
    });

    test.each([
      ['BSV-04', 'system/*.rs', 'system/Patient.rs system/Observation.rs'],
      ['BSV-04', 'system/Patient.cruds', 'system/Patient.rs'],
      ['BSV-05', 'system/Patient.read', 'system/Patient.read'],
      ['BSV-12', 'system/Patient.rs system/Condition.rs patient/Patient.rs', 'system/Patient.rs'],
    ])('[%s] %s is granted as %s', async (_id, asked, granted) => {
      const { status, body } = await backend(asked);
      expect([status, body.scope]).toEqual([200, granted]);
    });
  });
});

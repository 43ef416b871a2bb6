import { describe, expect, test } from '@jest/globals';

import { expectRecorded } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, textOf, type FlowOptions } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const REFERENCE = /[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/;
const TWO_WAYS = { ...PUBLIC_APP, client_id: 'two-ways', redirect_uris: [REDIRECT, `${REDIRECT}/inner`] };
const SECURE_FHIR = 'https://fhir.example.org/fhir';
const BACKEND_ONLY = { client_id: 'resource-only', client_name: 'No sign-in', grant_types: [] };

interface Refused {
  readonly error: string;
  readonly description: string;
  readonly params: Readonly<Record<string, string>>;
}

describe.each(DRIVERS)('authorization requests on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, TWO_WAYS, BACKEND_ONLY],
    fhirServers: [
      { id: 'main', name: 'Test FHIR', url: FHIR },
      { id: 'secure', name: 'FHIR over TLS', url: SECURE_FHIR },
    ],
  }));

  const ask = (options: FlowOptions, extra = '', browser = new CookieBrowser()): Promise<Response> =>
    browser.get(authorizeUrl(suite.server.issuer, options, pkce().challenge) + extra);
  const refusalOf = async (options: FlowOptions, extra = '', browser?: CookieBrowser): Promise<Refused> => {
    const response = await expectRecorded(suite.server.audit, () => ask(options, extra, browser), {
      ...{ type: 'authorize', reason: /^[a-z_]+/, more: { clientId: 'public-app' } },
    });
    const location = new URL(response.headers.get('location') ?? 'about:blank');
    expect([response.status, `${location.origin}${location.pathname}`]).toEqual([303, REDIRECT]);
    const isImplicit = options.params?.['response_type']?.includes('token') ?? false;
    const answer = isImplicit ? new URLSearchParams(location.hash.slice(1)) : location.searchParams;
    const params = Object.fromEntries(answer);
    expect(params).not.toHaveProperty('code');
    expect(params).toMatchObject({ iss: suite.server.issuer });
    // The reference an app's developer sees is the one in the header, and so in the log.
    const [, description = '', reference] =
      /^(.*?) ?\(reference (\S+)\)$/.exec(params['error_description'] ?? '') ?? [];
    expect(reference).toMatch(REFERENCE);
    expect(response.headers.get('x-request-id')).toBe(reference);
    const record = JSON.stringify(suite.server.audit.at(-1));
    expect(record).toContain(`"reason":"${params['error']}`);
    expect(record).not.toMatch(/state-1234567890|sssss|nnnnn/);
    return { error: params['error'] ?? '', description, params };
  };

  test.each([
    ['A001', 'unknown client', { clientId: 'nobody' }],
    ['A002', 'no client', { params: { client_id: undefined } }],
    ['A002', 'an empty client', { clientId: '' }],
    ['A002', 'a client id of the wrong shape', { clientId: '../../etc/passwd' }],
    ['A004', 'no redirect URI', { params: { redirect_uri: undefined } }],
    ['A005', 'a redirect URI with dots', { params: { redirect_uri: `${REDIRECT}/../evil` } }],
    ['A005', 'a redirect URI with dots, encoded', { params: { redirect_uri: `${REDIRECT}/%2e%2e/x` } }],
    ['A005', 'a redirect URI with a path parameter', { params: { redirect_uri: `${REDIRECT};x` } }],
    ['A005', 'a redirect URI with another path', { params: { redirect_uri: `${REDIRECT}/x` } }],
    [
      'A006',
      'a redirect URI with user info',
      { params: { redirect_uri: 'http://localhost:4999@evil.example/cb' } },
    ],
    ['A008', 'a redirect URI with a query', { params: { redirect_uri: `${REDIRECT}?code=1` } }],
    ['A010', 'a redirect URI with a fragment', { params: { redirect_uri: `${REDIRECT}#x` } }],
    ['A017', 'a very long redirect URI', { params: { redirect_uri: `${REDIRECT}?${'x'.repeat(3000)}` } }],
    ['A001', 'our own client', { clientId: 'gatehouse' }],
    ['A116', 'a client that signs nobody in', { clientId: 'resource-only' }],
  ] as const)(
    '[%s] [audited] [AUTHZ-04] [AUTHZ-05] %s → a page with a reference, no redirect',
    async (_id, _what, options) => {
      const response = await expectRecorded(suite.server.audit, () => ask(options), {
        ...{ type: 'authorize', reason: /^(invalid_(client|request|redirect_uri)|unauthorized_client): / },
      });
      expect(JSON.stringify(suite.server.audit.at(-1))).not.toMatch(/state-1234567890|evil/);
      const html = await response.text();
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      expect(textOf(html)).toMatch(REFERENCE);
      expect(textOf(html)).toContain(response.headers.get('x-request-id'));
      expect(html).not.toMatch(/node_modules|\.ts:\d|at \w+ \(|<script/);
      expect(html).not.toMatch(/evil\.example\/cb"/);
    },
  );

  test('[CRG-01] [AUTHZ-05] of several registered addresses a browser goes back to the one that was named, and to nothing like them', async () => {
    for (const redirect_uri of TWO_WAYS.redirect_uris) {
      const { callback } = await authorize(suite.server.issuer, {
        clientId: 'two-ways',
        params: { redirect_uri },
      });
      expect(`${callback.origin}${callback.pathname}`).toBe(redirect_uri);
      expect(callback.searchParams.get('code')).toMatch(/^gac_/);
    }
    const [, inner = ''] = TWO_WAYS.redirect_uris;
    const near = [`${inner}/`, `${inner}?a=1`, `${inner}/more`, inner.toUpperCase(), REDIRECT.slice(0, -1)];
    for (const redirect_uri of [...near, REDIRECT.replace('4999', '4998'), `${REDIRECT}/*`]) {
      const refused = await ask({ clientId: 'two-ways', params: { redirect_uri } });
      expect([redirect_uri, refused.status, refused.headers.get('location')]).toEqual([
        redirect_uri,
        400,
        null,
      ]);
    }
  });

  test.each([
    ['A033', 'no aud', { params: { aud: undefined } }, 'invalid_request', /^aud is required/],
    [
      'A034',
      'an aud that is not ours',
      { params: { aud: 'https://evil.example/fhir' } },
      'invalid_request',
      /^aud is not a FHIR server/,
    ],
    [
      'A034',
      'aud in upper case',
      { params: { aud: FHIR.replace('fhir', 'FHIR') } },
      'invalid_request',
      /^aud is not/,
    ],
    [
      'A034',
      'aud with a longer path',
      { params: { aud: `${FHIR}/Patient` } },
      'invalid_request',
      /^aud is not/,
    ],
    [
      'A034',
      'aud over http, where ours is https',
      { params: { aud: SECURE_FHIR.replace('https:', 'http:') } },
      'invalid_request',
      /^aud is not/,
    ],
    [
      'A034',
      'aud over https, where ours is http',
      { params: { aud: FHIR.replace('http:', 'https:') } },
      'invalid_request',
      /^aud is not/,
    ],
    ['A034', 'aud with two slashes', { params: { aud: `${FHIR}//` } }, 'invalid_request', /^aud is not/],
    ['A034', 'a relative aud', { params: { aud: '/fhir' } }, 'invalid_request', /^aud is not/],
    [
      'A035',
      'another resource',
      { params: { resource: 'http://localhost:1/fhir' } },
      'invalid_(request|target)',
      /resource/,
    ],
    [
      'A035',
      'resource in place of aud',
      { params: { aud: undefined, resource: FHIR } },
      'invalid_request',
      /^aud is required/,
    ],
    ['A027', 'no state', { params: { state: undefined } }, 'invalid_request', /^state is required/],
    [
      'A029',
      'a state of 3 kB',
      { params: { state: 's'.repeat(3000) } },
      'invalid_request',
      /^state is longer than 1024/,
    ],
    [
      'A029',
      'a nonce of 3 kB',
      { params: { nonce: 'n'.repeat(3000) } },
      'invalid_request',
      /^nonce is longer than 1024/,
    ],
    [
      'A030',
      'no challenge',
      { params: { code_challenge: undefined, code_challenge_method: undefined } },
      'invalid_request',
      /PKCE|code_challenge/,
    ],
    [
      'A031',
      'challenge without method',
      { params: { code_challenge_method: undefined } },
      'invalid_request',
      /plain|code_challenge/,
    ],
    [
      'A031',
      'method plain',
      { params: { code_challenge_method: 'plain' } },
      'invalid_request',
      /code_challenge_method/,
    ],
    [
      'A032',
      'a short challenge',
      { params: { code_challenge: 'short' } },
      'invalid_request',
      /code_challenge/,
    ],
    [
      'A024',
      'response_type token',
      { params: { response_type: 'token' } },
      'unsupported_response_type',
      /response_type/,
    ],
    [
      'A024',
      'response_type code id_token',
      { params: { response_type: 'code id_token' } },
      'unsupported_response_type',
      /response_type/,
    ],
    [
      'A024',
      'no response_type',
      { params: { response_type: undefined } },
      'invalid_request',
      /response_type/,
    ],
    [
      'A026',
      'response_mode web_message',
      { params: { response_mode: 'web_message' } },
      '(invalid_request|unsupported_response_mode)',
      /response_mode/,
    ],
    ['A036', 'no scope', { params: { scope: undefined } }, 'invalid_(request|scope)', /scope/],
    ['A036', 'an empty scope', { scope: '' }, 'invalid_(request|scope)', /scope/],
    [
      'A038',
      'only malformed scopes',
      { scope: 'patient/Observation.sr nonsense' },
      'invalid_scope',
      /^none of the requested scopes can be granted: patient\/Observation\.sr \(malformed\)/,
    ],
    ['A040', 'only system scopes', { scope: 'system/*.rs' }, 'invalid_scope', /wrong-level/],
    [
      'A037',
      'a scope of 5 kB',
      { scope: Array.from({ length: 300 }, (_, n) => `patient/Patient.rs?_id=${n}`).join(' ') },
      'invalid_scope',
      /^scope has more than 100 scopes or 4096 characters/,
    ],
    [
      'A048',
      'launch scope without launch',
      { scope: 'launch patient/Patient.rs' },
      'invalid_request',
      /^the launch scope needs/,
    ],
    [
      'A048',
      'launch without its scope',
      { params: { launch: 'x' } },
      'invalid_request',
      /^the launch parameter needs/,
    ],
    [
      'A045',
      'a launch nobody announced',
      { scope: 'launch patient/Patient.rs', params: { launch: 'x' } },
      'invalid_request',
      /^the launch is unknown/,
    ],
    ['A050', 'prompt=none without a session', { params: { prompt: 'none' } }, 'login_required', /./],
    [
      'A051',
      'prompt=none together with login',
      { params: { prompt: 'none login' } },
      'invalid_request',
      /prompt/,
    ],
    ['A051', 'an unknown prompt', { params: { prompt: 'sing' } }, 'invalid_request', /prompt/],
    ['A052', 'a negative max_age', { params: { max_age: '-1' } }, 'invalid_request', /max_age/],
    [
      'A055',
      'a request object',
      { params: { request: 'x.y.z' } },
      'request_not_supported',
      /^request objects are not supported; send the parameters themselves$/,
    ],
    [
      'A055',
      'a request_uri',
      { params: { request_uri: 'http://169.254.169.254/' } },
      'request_uri_not_supported',
      /^/,
    ],
  ] as const)(
    '[%s] [audited] [RESP-02] %s is refused at the app, and on record',
    async (_id, _what, options, error, description) => {
      const refused = await refusalOf(options);
      expect(refused.error).toMatch(new RegExp(`^${error}$`));
      expect(refused.description).toMatch(description);
      const state =
        'params' in options && 'state' in options.params ? options.params.state : 'state-1234567890';
      expect(refused.params['state']).toBe(state);
    },
  );

  test.each([
    'scope=openid',
    'state=other',
    'aud=x',
    'launch=a&launch=b',
    'code_challenge=x',
    'response_type=code',
  ])('[A022] [audited] [AUTHZ-26] %s a second time → invalid_request', async (extra) => {
    const { error } = await refusalOf({}, `&${extra}`);
    expect(error).toBe('invalid_request');
  });

  test.each([`redirect_uri=${encodeURIComponent(REDIRECT)}`, 'client_id=public-app'])(
    '[A022] [audited] %s a second time → a page, since nobody knows where to',
    async (extra) => {
      const response = await expectRecorded(suite.server.audit, () => ask({}, `&${extra}`), {
        ...{ type: 'authorize', reason: /^invalid_request: / },
      });
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    },
  );

  test.each(['fragment', 'form_post'])(
    '[A026] [audited] response_mode=%s → invalid_request at the app, in the query',
    async (mode) => {
      const { error, description } = await refusalOf({ params: { response_mode: mode } });
      expect([error, description]).toEqual(['invalid_request', 'response_mode, if sent, must be query']);
    },
  );

  test('[A050] [audited] prompt=none with a session: consent is still asked for, so the app is told', async () => {
    const browser = new CookieBrowser();
    await authorize(suite.server.issuer, { browser });
    const { error } = await refusalOf({ params: { prompt: 'none' } }, '', browser);
    expect(error).toMatch(/^(consent|interaction|account_selection)_required$/);
  });
});

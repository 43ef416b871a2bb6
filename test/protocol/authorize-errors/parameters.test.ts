import { describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { REDIRECT } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, textOf, type FlowOptions } from '../../support/flow.ts';
import { wireSuite } from '../wire/wire-suite.ts';

const HEALTH = 'my-health-ios';
const NONE = 'none of the requested scopes can be granted: ';

// Which requests are refused does not depend on the store.
describe('each parameter of an authorization request: with it a code, without it the refusal', () => {
  const suite = wireSuite();
  const end = async (options: FlowOptions): Promise<URLSearchParams> => {
    const params = { aud: suite.fhir.base, ...options.params };
    const usual = { clientId: HEALTH, username: 'chloe' };
    const { callback } = await authorize(suite.server.issuer, { ...usual, ...options, params });
    expect(callback.href.split(/[?#]/)[0]).toBe(REDIRECT);
    return callback.search === '' ? new URLSearchParams(callback.hash.slice(1)) : callback.searchParams;
  };
  const said = (answer: URLSearchParams): string =>
    `${answer.get('error')}: ${answer.get('error_description')?.replace(/ \(reference .*/, '')}`;

  const S256 = { code_challenge: pkce().challenge };
  test.each<[string, string, FlowOptions, string]>([
    [
      'AUTHZ-03',
      'response_type token',
      { params: { response_type: 'token' } },
      'unsupported_response_type: unsupported response_type requested',
    ],
    [
      'AUTHZ-03',
      'no response_type',
      { params: { response_type: undefined } },
      "invalid_request: missing required parameter 'response_type'",
    ],
    ['AUTHZ-07', 'no scope', { params: { scope: undefined } }, 'invalid_request: scope is required'],
    ['AUTHZ-07', 'an empty scope', { scope: '' }, 'invalid_request: scope is required'],
    ['AUTHZ-08', 'no state', { params: { state: undefined } }, 'invalid_request: state is required'],
    [
      'G10-06',
      'an aud that is no FHIR server of ours',
      { params: { aud: 'https://evil.example/fhir' } },
      'invalid_request: aud is not a FHIR server of this authorization server',
    ],
    [
      'AUTHZ-13',
      'an EHR launch without launch',
      { scope: 'launch patient/Patient.rs' },
      'invalid_request: the launch scope needs the launch parameter of an EHR launch',
    ],
    [
      'AUTHZ-14',
      'a launch without its scope',
      { params: { launch: 'x' } },
      'invalid_request: the launch parameter needs the launch scope',
    ],
    [
      'AUTHZ-15',
      'no code_challenge',
      { params: { code_challenge: undefined } },
      'invalid_request: code_challenge must be provided with code_challenge_method',
    ],
    [
      'AUTHZ-16',
      'no code_challenge_method',
      { params: { code_challenge_method: undefined } },
      'invalid_request: code_challenge_method must be provided',
    ],
    [
      'AUTHZ-16',
      'the method plain',
      { params: { code_challenge_method: 'plain' } },
      'invalid_request: not supported value of code_challenge_method',
    ],
    [
      'AUTHZ-17',
      'an app with a secret and no challenge',
      {
        clientId: 'growth-chart-web',
        params: { code_challenge: undefined, code_challenge_method: undefined },
      },
      'invalid_request: Authorization Server policy requires PKCE to be used for this request',
    ],
    [
      'AUTHZ-17',
      'an app with a key and no challenge',
      { clientId: 'keyed-app', params: { code_challenge: undefined, code_challenge_method: undefined } },
      'invalid_request: Authorization Server policy requires PKCE to be used for this request',
    ],
    [
      'AUTHZ-24',
      'only a suffix out of order',
      { scope: 'patient/Observation.dus' },
      `invalid_scope: ${NONE}patient/Observation.dus (malformed)`,
    ],
  ])('[%s] [RESP-02] %s', async (_id, _what, options, refusal) => {
    const answer = await end(options);
    expect(said(answer)).toBe(refusal);
    expect(answer.has('code')).toBe(false);
    const hasState = !('state' in (options.params ?? {}));
    expect(answer.get('state')).toBe(hasState ? 'state-1234567890' : null);
    const { clientId = HEALTH } = options;
    const fine = await end({ clientId, params: S256 });
    expect([fine.get('error'), fine.get('code')]).toEqual([null, expect.stringMatching(/^gac_/)]);
  });

  test('[AUTHZ-06] [AUTHZ-05] redirect_uri has to be sent, also by an app with a single one: a page, no redirect', async () => {
    const ask = (redirect: string | undefined) => {
      const params = { aud: suite.fhir.base, redirect_uri: redirect };
      const url = authorizeUrl(suite.server.issuer, { clientId: 'spa-demo', params }, pkce().challenge);
      return new CookieBrowser().get(url);
    };
    const refused = await ask(undefined);
    expect([refused.status, refused.headers.get('location')]).toEqual([400, null]);
    expect(textOf(await refused.text())).toMatch(
      /invalid_request.*missing required parameter &#39;redirect_uri&#39;/,
    );
    const fine = await ask(REDIRECT);
    expect([fine.status, fine.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/interaction\//),
    ]);
  });

  test('[AUTHZ-08] state comes back as it was sent, with a code and with an error', async () => {
    const state = 'ä/&=%2B "<\u{1f512}>';
    const fine = await end({ params: { state } });
    expect([fine.get('state'), fine.get('error')]).toEqual([state, null]);
    const refused = await end({ params: { state, aud: undefined } });
    expect([refused.get('state'), refused.get('error')]).toEqual([state, 'invalid_request']);
  });

  test('[AUTHZ-18] [AUTHZ-19] what OpenID lets us ignore does no harm; a request object is refused by name', async () => {
    const scope = 'launch/patient openid patient/Patient.rs';
    const { body } = await suite.token({ username: 'chloe', scope });
    const more = {
      ...{ acr_values: 'urn:acr:2', ui_locales: 'de', display: 'popup', login_hint: 'chloe', max_age: '600' },
      ...{ claims: '{"id_token":{"auth_time":{"essential":true}}}', id_token_hint: String(body['id_token']) },
    };
    const fine = await end({ scope, params: more });
    expect([fine.get('error'), fine.get('code')]).toEqual([null, expect.stringMatching(/^gac_/)]);
    const refused = await end({ scope, params: { ...more, request: 'x.y.z' } });
    expect([refused.get('error'), refused.get('code')]).toEqual(['request_not_supported', null]);
  });
});

import { beforeAll, describe, expect, test } from '@jest/globals';

import { createAccountStore } from '../../../src/store/index.ts';
import { createAccount } from '../../../src/identity/index.ts';
import { auditEventsOf } from '../../../src/balp/index.ts';
import { problemsOf } from '../../support/balp-validator.ts';
import { expectRefused, type RefusedRow } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { ASSERTION_TYPE, REDIRECT, RS_SECRET, SECRET, basic } from '../../support/clients.ts';
import { announce, backendToken, ehrSuite } from '../../support/ehr.ts';
import {
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  postForm,
  redeem,
  submit,
  type FlowOptions,
} from '../../support/flow.ts';
import { PASSWORD } from '../../support/gatehouse.ts';

const CANARY = 'canary-8c1f6e';

// What is recorded does not depend on the store.
describe('what is refused is on record', () => {
  const suite = ehrSuite('embedded');
  const at = (path: string): string => suite.server.issuer + path;
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(at(path), fields, headers);
  const token = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    form('/token', fields, headers);
  const APP = { client_id: 'public-app' };
  const CODE = {
    ...{ grant_type: 'authorization_code', code: CANARY, redirect_uri: REDIRECT },
    code_verifier: CANARY.padEnd(43, '-'),
  };
  const start = (options: FlowOptions) =>
    new CookieBrowser().get(authorizeUrl(suite.server.issuer, options, pkce().challenge));
  const rs = basic('fhir-server', RS_SECRET);
  const wrong = basic('fhir-server', CANARY);
  const assertion = async (claims: Record<string, unknown>): Promise<Record<string, string>> => ({
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await suite.ehr.assertion(at('/token'), claims),
  });
  const signIn = async (username: string, password: string) => {
    const login = await openScreen(suite.server.issuer, 'login');
    const fields = { ...login.fields, username: [username], password: [password] };
    return login.browser.post(login.url, fields);
  };

  beforeAll(async () => {
    const accounts = createAccountStore(suite.server.vault);
    const gone = { username: 'gone', name: 'Gone', role: 'patient', fhirUser: 'Patient/p5' } as const;
    const account = await createAccount(gone, PASSWORD);
    await accounts.add({ ...account, disabled: true });
  });

  const authorizing: readonly RefusedRow[] = [
    {
      id: '[A001]',
      what: 'an app nobody knows',
      ask: () => start({ clientId: 'nobody' }),
      ...{ status: 400, type: 'authorize', reason: /^invalid_client: client is invalid/ },
    },
    {
      id: '[A005]',
      what: 'an address that is not registered',
      ask: () => start({ params: { redirect_uri: 'https://evil.example/cb' } }),
      ...{ status: 400, type: 'authorize', reason: /^invalid_redirect_uri/ },
      more: { clientId: 'public-app' },
    },
    {
      id: '[A038]',
      what: 'a scope of which nothing can be granted',
      ask: () => start({ scope: 'nonsense' }),
      ...{ status: 303, type: 'authorize', reason: /^invalid_scope: none of the requested scopes/ },
      more: { clientId: 'public-app', scope: 'nonsense' },
    },
    {
      id: '[A030]',
      what: 'no challenge',
      ask: () => start({ params: { code_challenge: undefined, code_challenge_method: undefined } }),
      ...{ status: 303, type: 'authorize', reason: /^invalid_request: / },
    },
    {
      id: '[A034]',
      what: 'the data of another FHIR server',
      ask: () => start({ params: { aud: 'https://evil.example/fhir' } }),
      ...{ status: 303, type: 'authorize', reason: /^invalid_request: aud is not a FHIR server/ },
    },
    {
      id: '[A045]',
      what: 'a launch nobody announced',
      ask: () => start({ scope: 'launch patient/Patient.rs', params: { launch: CANARY } }),
      ...{ status: 303, type: 'authorize', reason: /^invalid_request: the launch is unknown/ },
    },
    {
      id: '[A055]',
      what: 'a request object',
      ask: () => start({ params: { request: CANARY } }),
      ...{ status: 303, type: 'authorize', reason: /^request_not_supported/ },
    },
    {
      id: '[A050]',
      what: 'silence, where a person has to sign in',
      ask: () => start({ params: { prompt: 'none' } }),
      ...{ status: 303, type: 'authorize', reason: /^login_required/ },
    },
    {
      id: '[A059]',
      what: 'an authorization request in JSON',
      ask: () =>
        fetch(at('/authorize'), {
          ...{ method: 'POST', body: JSON.stringify({ state: CANARY }) },
          headers: { 'content-type': 'application/json' },
        }),
      ...{ status: 415, type: 'request.refused', reason: /must be sent as application\/x-www-form/ },
      more: { what: 'authorization' },
    },
    {
      id: '[A063]',
      what: 'a posted request that is over',
      ask: () => fetch(at(`/authorize?posted_request=${CANARY}`)),
      ...{ status: 400, type: 'request.refused', reason: /^this request has expired/ },
      more: { what: 'authorization' },
    },
  ];

  const redeeming: readonly RefusedRow[] = [
    {
      id: '[A119]',
      what: 'a code nobody issued',
      ask: () => token({ ...APP, ...CODE }),
      ...{ status: 400, type: 'token.refused', reason: /^invalid_grant: authorization code not found/ },
      more: { clientId: 'public-app', grantType: 'authorization_code' },
    },
    {
      id: '[A105]',
      what: 'a code with another verifier',
      ask: async () =>
        redeem(suite.server.issuer, { ...(await authorize(suite.server.issuer)), verifier: 'x'.repeat(43) }),
      ...{ status: 400, type: 'token.refused', reason: /^invalid_grant: .*code_(verifier|challenge)|PKCE/ },
      more: { clientId: 'public-app' },
    },
    {
      id: '[A099]',
      what: 'a code a second time',
      ask: async () => {
        const authorized = await authorize(suite.server.issuer);
        await redeem(suite.server.issuer, authorized);
        return redeem(suite.server.issuer, authorized);
      },
      ...{
        status: 400,
        type: 'token.refused',
        reason: /^invalid_grant: authorization code already consumed/,
      },
      more: { clientId: 'public-app' },
    },
    {
      id: '[A119]',
      what: 'a refresh token that is none',
      ask: () => token({ ...APP, grant_type: 'refresh_token', refresh_token: `grt_${CANARY}` }),
      ...{ status: 400, type: 'token.refused', reason: /^invalid_grant: refresh token not found/ },
      more: { grantType: 'refresh_token' },
    },
    {
      id: '[A166]',
      what: 'more than was granted',
      ask: async () => {
        const { issuer } = suite.server;
        const { body } = await redeem(
          issuer,
          await authorize(issuer, { scope: 'launch/patient offline_access patient/Patient.rs' }),
        );
        const more = {
          refresh_token: body.refresh_token,
          scope: 'patient/Patient.rs patient/Observation.rs',
        };
        return token({ ...APP, grant_type: 'refresh_token', ...more });
      },
      ...{ status: 400, type: 'token.refused', reason: /^invalid_scope/ },
      more: { clientId: 'public-app' },
    },
    {
      id: '[A115]',
      what: 'a grant type there is not',
      ask: () => token({ ...APP, grant_type: 'password', username: 'amy', password: CANARY }),
      ...{ status: 400, type: 'token.refused', reason: /^unsupported_grant_type/ },
    },
    {
      id: '[A126]',
      what: 'a wrong secret',
      ask: () => token(CODE, basic('secret-app', CANARY)),
      ...{ status: 401, type: 'token.refused', reason: /^invalid_client: / },
      more: { clientId: 'secret-app' },
    },
    {
      id: '[A001]',
      what: 'a client nobody knows',
      ask: () => token({ ...CODE, client_id: 'nobody' }),
      ...{ status: 401, type: 'token.refused', reason: /^invalid_client: / },
    },
    {
      id: '[A128]',
      what: 'two proofs at once',
      ask: async () => {
        const { issuer } = suite.server;
        const authorized = await authorize(issuer, { clientId: 'secret-app' });
        return redeem(issuer, authorized, { client_secret: CANARY }, basic('secret-app', SECRET));
      },
      ...{
        status: 400,
        type: 'request.refused',
        reason: /^invalid_request: authenticate the client in one way/,
      },
      more: { clientId: 'secret-app', what: 'token' },
    },
    {
      id: '[A141]',
      what: 'an assertion of long ago',
      ask: async () =>
        token({ grant_type: 'client_credentials', scope: 'system/*.rs', ...(await assertion({ exp: 1 })) }),
      ...{ status: 401, type: 'token.refused', reason: /^invalid_client: / },
      more: { clientId: 'ehr' },
    },
    {
      id: '[A145]',
      what: 'an assertion a second time',
      ask: async () => {
        const same = await assertion({});
        await token({ grant_type: 'client_credentials', scope: 'system/*.rs', ...same });
        return token({ grant_type: 'client_credentials', scope: 'system/*.rs', ...same });
      },
      ...{ status: 401, type: 'token.refused', reason: /^invalid_client: / },
      more: { clientId: 'ehr' },
    },
    {
      id: '[A177]',
      what: 'a scope beyond the registration',
      ask: () => backendToken(suite.server.issuer, suite.plain, 'system/*.rs'),
      ...{ status: 400, type: 'token.refused', reason: /^invalid_scope: / },
      more: { clientId: 'plain', grantType: 'client_credentials' },
    },
    {
      id: '[A117]',
      what: 'a form that is too long',
      ask: () => token({ ...APP, grant_type: 'refresh_token', refresh_token: CANARY.repeat(5000) }),
      ...{ status: 413, type: 'request.refused', reason: /^invalid_request: the request is longer than/ },
      more: { what: 'token' },
    },
    {
      id: '[A113]',
      what: 'JSON in place of a form',
      ask: () =>
        fetch(at('/token'), {
          ...{ method: 'POST', body: JSON.stringify(CODE) },
          headers: { 'content-type': 'application/json' },
        }),
      ...{ status: 400, type: 'token.refused', reason: /^invalid_request: / },
    },
  ];

  const asking: readonly RefusedRow[] = [
    {
      id: '[A181]',
      what: 'introspection with a wrong secret',
      ask: () => form('/introspect', { token: CANARY }, wrong),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_client: client authentication failed/ },
      more: { what: 'introspection', clientId: 'fhir-server' },
    },
    {
      id: '[A130]',
      what: 'introspection by nobody',
      ask: () => form('/introspect', { token: CANARY }),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_token: / },
      more: { what: 'introspection' },
    },
    {
      id: '[A181]',
      what: 'introspection by a public app',
      ask: () => form('/introspect', { token: CANARY, ...APP }),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_client: introspection needs/ },
      more: { what: 'introspection', clientId: 'public-app' },
    },
    {
      id: '[A188]',
      what: 'introspection with an id token in place of an access token',
      ask: async () => {
        const { issuer } = suite.server;
        const { body } = await redeem(issuer, await authorize(issuer));
        return form(
          '/introspect',
          { token: CANARY },
          { authorization: `Bearer ${String(body['id_token'])}` },
        );
      },
      ...{ status: 401, type: 'request.refused', reason: /^invalid_token: / },
      more: { what: 'introspection' },
    },
    {
      id: '[A188]',
      what: 'an access token in place of an assertion',
      ask: () =>
        token({
          ...{ grant_type: 'client_credentials', scope: 'system/*.rs' },
          ...{ client_assertion_type: ASSERTION_TYPE, client_assertion: suite.token },
        }),
      ...{ status: 401, type: 'token.refused', reason: /^invalid_client: / },
    },
    {
      what: 'introspection without a token',
      ask: () => form('/introspect', {}, rs),
      ...{ status: 400, type: 'request.refused', reason: /^invalid_request: / },
      more: { what: 'introspection', clientId: 'fhir-server' },
    },
    {
      id: '[A181]',
      what: 'introspection with a token that is none',
      ask: () => form('/introspect', { token: CANARY }, { authorization: `Bearer ${CANARY}` }),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_token: the access token that asks/ },
      more: { what: 'introspection' },
    },
    {
      id: '[A181]',
      what: 'introspection with a token without the right',
      ask: () => form('/introspect', { token: CANARY }, { authorization: `Bearer ${suite.token}` }),
      ...{ status: 403, type: 'request.refused', reason: /^insufficient_scope: / },
      more: { what: 'introspection', clientId: 'ehr' },
    },
    {
      what: 'the revocation of the token of another client',
      ask: async () => {
        const { issuer } = suite.server;
        const { body } = await redeem(issuer, await authorize(issuer));
        return form('/revoke', { token: body.access_token }, basic('secret-app', SECRET));
      },
      ...{
        status: 400,
        type: 'request.refused',
        reason: /^invalid_request: the token was issued to another/,
      },
      more: { what: 'revocation', clientId: 'secret-app' },
    },
    {
      id: '[A130]',
      what: 'a revocation with a wrong secret',
      ask: () => form('/revoke', { token: CANARY }, basic('secret-app', CANARY)),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_client: / },
      more: { what: 'revocation', clientId: 'secret-app' },
    },
    {
      what: 'a launch without a token',
      ask: () => announce(suite.server.issuer, undefined, { patient: 'p1' }),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_token: / },
      more: { what: 'launch' },
    },
    {
      what: 'a launch of an app there is not',
      ask: () => announce(suite.server.issuer, suite.token, { client_id: 'nobody', patient: 'p1' }),
      ...{
        status: 400,
        type: 'request.refused',
        reason: /^invalid_request: client_id: there is no such app/,
      },
      more: { what: 'launch', clientId: 'ehr' },
    },
    {
      what: 'a launch that is no JSON',
      ask: () => announce(suite.server.issuer, suite.token, `{"patient": ${CANARY}`),
      ...{ status: 400, type: 'request.refused', reason: /^the request could not be read$/ },
      more: { what: 'launch' },
    },
    {
      what: 'the feed of revocations, with a wrong secret',
      ask: () => fetch(at('/revocations'), { headers: wrong }),
      ...{ status: 401, type: 'request.refused', reason: /^invalid_client: / },
      more: { what: 'revocation-feed' },
    },
    {
      what: 'a report of use by who may not ask about tokens',
      ask: () =>
        fetch(at('/usage'), {
          ...{ method: 'POST', body: '{"uses":[]}' },
          headers: { 'content-type': 'application/json', ...basic('secret-app', SECRET) },
        }),
      ...{ status: 403, type: 'request.refused', reason: /^unauthorized_client: / },
      more: { what: 'usage', clientId: 'secret-app' },
    },
  ];

  const atTheScreens: readonly RefusedRow[] = [
    {
      id: '[A073]',
      what: 'a wrong password',
      ask: () => signIn('amy', CANARY),
      ...{ status: 422, type: 'sign-in', reason: /^wrong-credentials$/ },
      more: { clientId: 'public-app', usernameHash: expect.any(String) },
    },
    {
      id: '[A075]',
      what: 'a name nobody has',
      ask: () => signIn(CANARY, CANARY),
      ...{ status: 422, type: 'sign-in', reason: /^wrong-credentials$/ },
    },
    {
      id: '[A092]',
      what: 'an account that is disabled',
      ask: () => signIn('gone', PASSWORD),
      ...{ status: 422, type: 'sign-in', reason: /^disabled$/ },
    },
    {
      id: '[A076]',
      what: 'a code to set a password anew that is none',
      ask: async () => {
        const browser = new CookieBrowser();
        const page = await browser.get(at('/account/forgotten/code'));
        const fields = { username: 'amy', code: CANARY, password: `${CANARY} long`, again: `${CANARY} long` };
        return browser.post(page.url, fields);
      },
      ...{ status: 422, type: 'account.changed', reason: /^$/ },
      more: { change: 'password', what: 'reset' },
    },
    {
      id: '[A095]',
      what: 'the record of somebody else',
      ask: async () => {
        const { body } = await announce(suite.server.issuer, suite.token, { patient: 'p9' });
        const options = {
          scope: 'launch patient/Patient.rs',
          params: { launch: body.launch },
          username: 'amy',
        };
        const login = await openScreen(suite.server.issuer, 'login', options);
        return (await submit(suite.server.issuer, login, options)).response;
      },
      ...{ status: 403, type: 'consent', reason: /^other-patient$/ },
      more: { clientId: 'public-app', accountId: expect.any(String) },
    },
    {
      what: 'access the person does not want to give',
      ask: async () => {
        const consent = await openScreen(suite.server.issuer, 'consent');
        return consent.browser.post(consent.url, { ...consent.fields, cancel: ['yes'] });
      },
      ...{ status: 200, type: 'consent', outcome: 'denied', reason: /^$/ },
      more: { clientId: 'public-app', accountId: expect.any(String) },
    },
    {
      id: '[A068]',
      what: 'a page that is over, or of another browser',
      ask: async () => new CookieBrowser().get((await openScreen(suite.server.issuer, 'login')).url),
      ...{ status: 400, type: 'request.refused', reason: /^expired$/ },
      more: { what: 'page' },
    },
    {
      id: '[A067]',
      what: 'a form that another site has sent',
      ask: async () => {
        const consent = await openScreen(suite.server.issuer, 'consent');
        return consent.browser.post(consent.url, consent.fields, { 'sec-fetch-site': 'cross-site' });
      },
      ...{ status: 403, type: 'request.refused', reason: /^another-site$/ },
      more: { what: 'form' },
    },
    {
      id: '[A067]',
      what: 'a form with a token of another one',
      ask: async () => {
        const consent = await openScreen(suite.server.issuer, 'consent');
        return consent.browser.post(consent.url, { ...consent.fields, _csrf: [CANARY] });
      },
      ...{ status: 403, type: 'request.refused', reason: /^another-form$/ },
      more: { what: 'form' },
    },
    {
      id: '[A087]',
      what: 'signing out to an address that is not registered',
      ask: async () => {
        const to = { post_logout_redirect_uri: 'https://evil.example/', client_id: 'public-app' };
        return new CookieBrowser().get(at(`/logout?${new URLSearchParams(to)}`));
      },
      ...{
        status: 400,
        type: 'sign-out',
        reason: /^invalid_request: post_logout_redirect_uri not registered/,
      },
      more: { clientId: 'public-app' },
    },
    {
      id: '[A087]',
      what: 'a sign-out form that is made up',
      ask: async () => {
        const browser = new CookieBrowser();
        await authorize(suite.server.issuer, { browser });
        await browser.get(at('/logout'));
        return browser.post(at('/logout/confirm'), { xsrf: CANARY, logout: 'yes' });
      },
      ...{ status: 400, type: 'sign-out', reason: /^invalid_request: / },
    },
  ];

  const rows = [...authorizing, ...redeeming, ...asking, ...atTheScreens];
  test.each(rows.map((row) => ({ id: '[SEC-3]', ...row })))(
    '$id [audited] refused, and recorded once: $what',
    (row) => expectRefused(suite.server.audit, row),
  );

  test('[SEC-04] none of the records holds what was sent in secret, and each is an AuditEvent', () => {
    const records = suite.server.audit.filter(({ outcome }) => outcome !== 'success');
    expect(records.length).toBeGreaterThan(40);
    const text = JSON.stringify(suite.server.audit);
    for (const secret of [CANARY, SECRET, RS_SECRET, PASSWORD, suite.token])
      expect(text).not.toContain(secret);
    const house = { issuer: suite.server.issuer, name: 'Test House' };
    const events = records.flatMap((record, seq) => auditEventsOf({ chain: 'c', seq, record }, house));
    expect(events.flatMap((event) => problemsOf(event as unknown as Record<string, unknown>))).toEqual([]);
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet } from 'jose';

import { contextAsOf } from '../../../src/smart/index.ts';
import { ASSERTION_TYPE, REDIRECT } from '../../support/clients.ts';
import { authorize, authorizeUrl, openScreen, pkce, postForm, redeem, submit } from '../../support/flow.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { DEVIATIONS } from './deviations.ts';
import { EXAMPLES, answerBlocks, blockText, example, shown, type ExampleName } from './examples.ts';
import { wireSuite } from './wire-suite.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body?: unknown;
}

const ORIGIN = new URL(REDIRECT).origin;

describe('the examples themselves', () => {
  test('[rfc8259§4] each answer on the page is compared with ours in a test, or listed as one we do not have', () => {
    const places = Object.values(EXAMPLES).map(([section, number]) => `${section}/${number}`);
    expect(places.sort()).toEqual(answerBlocks().sort());
    const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
    const text = tests.map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8')).join();
    const whole = DEVIATIONS.filter(({ how }) => how === 'whole').flatMap(({ of }) => of);
    for (const name of Object.keys(EXAMPLES) as ExampleName[])
      expect([name, whole.includes(name)]).toEqual([name, !text.includes(`'${name}'`)]);
  });

  test.each([
    ['CLI-09', 4, 0],
    ['CLI-09', 5, 1],
  ])(
    '[%s] [CLI-06] [CLI-07] the signed assertion in block %i is the one that is described',
    async (_id, block, key) => {
      const jwt = blockText(['9', block]);
      const keys = example('client keys') as unknown as JSONWebKeySet;
      const { payload } = await compactVerify(jwt, createLocalJWKSet(keys));
      const { jti: _jti, ...claims } = example('assertion claims');
      expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject(claims);
      const { kid, alg } = keys.keys[key]!;
      expect(decodeProtectedHeader(jwt)).toMatchObject({ typ: example('assertion header')['typ'], kid, alg });
    },
  );
});

// What is answered does not depend on the store.
describe('answers with their headers, beside the examples', () => {
  const suite = wireSuite();
  const expectLike = (name: ExampleName, { status, headers, body }: Answer): void =>
    expect(suite.against(name, shown(status, headers, name, body))).toEqual([]);
  /** What an answer says before its body. */
  const head = ({ status, headers }: Response): Answer => ({ status, headers });
  const app = { clientId: 'spa-demo', username: 'chloe', scope: 'launch/patient patient/Patient.rs' };
  let token: string;
  beforeAll(async () => {
    token = (await suite.token(app)).body.access_token;
  });
  const params = () => ({ aud: suite.fhir.base });

  test('[RESP-01] [RESP-06] a code goes to the app, with state and iss', async () => {
    const screen = await openScreen(suite.server.issuer, 'consent', {
      ...app,
      params: params(),
      browser: new CookieBrowser(),
    });
    expectLike('authorize: code', head((await submit(suite.server.issuer, screen)).response));
  });

  test('[RESP-02] a person who declines', async () => {
    const screen = await openScreen(suite.server.issuer, 'consent', {
      ...app,
      params: params(),
      browser: new CookieBrowser(),
    });
    const fields = { ...screen.fields, cancel: ['yes'] };
    const { response } = await submit(suite.server.issuer, { ...screen, fields });
    expectLike('authorize: declined', head(response));
  });

  test('[AUTHZ-10] an aud that is none of ours', async () => {
    const other = { ...app, params: { aud: 'https://other.example/fhir' } };
    const url = authorizeUrl(suite.server.issuer, other, pkce().challenge);
    expectLike('authorize: bad aud', head(await new CookieBrowser().get(url)));
  });

  test('[INT-07] [rfc6750§3.1] who shows nothing may not introspect', async () => {
    expectLike('introspection without proof', await postForm(`${suite.server.issuer}/introspect`, { token }));
  });

  test('[CLI-10] [CLI-18] an assertion that was used before', async () => {
    const url = `${suite.server.issuer}/token`;
    const form = {
      ...{ grant_type: 'client_credentials', scope: 'system/Patient.rs' },
      ...{ client_assertion_type: ASSERTION_TYPE, client_assertion: await suite.analytics.assertion(url) },
    };
    expect((await postForm(url, form)).status).toBe(200);
    expectLike('replayed assertion', await postForm(url, form));
  });

  test('[TOK-04] [CORS-10] a wrong verifier, told to a browser', async () => {
    const { code } = await authorize(suite.server.issuer, { ...app, params: params() });
    const wrong = { code, verifier: 'x'.repeat(43) };
    expectLike(
      'wrong verifier',
      await redeem(suite.server.issuer, wrong, { client_id: 'spa-demo' }, { origin: ORIGIN }),
    );
  });

  test('[CORS-04] [CORS-05] a preflight', async () => {
    const headers = {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const response = await fetch(`${suite.server.issuer}/token`, { method: 'OPTIONS', headers });
    expectLike('preflight', head(response));
  });

  test('[SEM-04] at the FHIR server: a scope that is too narrow', async () => {
    const response = await suite.read('Condition?patient=chloe-shaw', token);
    expectLike('scope too narrow', { ...head(response), body: await response.json() });
  });

  test('[CTX-10] fhirContext for a FHIR server of 2.0.0', () => {
    const fhirContext = [{ reference: 'ImagingStudy/is-55' }, { reference: 'DiagnosticReport/dr-3' }];
    expect(suite.against('fhirContext of 2.0.0', contextAsOf('2.0.0', { fhirContext }))).toEqual([]);
  });
});

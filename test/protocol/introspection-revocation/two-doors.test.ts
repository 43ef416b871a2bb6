import { beforeAll, describe, expect, test } from '@jest/globals';

import { createGrantIndex } from '../../../src/store/index.ts';
import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, postForm, redeem } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OTHER = 'http://localhost:3998/fhir/r4';
const CALLERS = {
  'every FHIR server': basic('fhir-server', RS_SECRET),
  'the other FHIR server': basic('other-fhir', RS_SECRET),
  'the app itself': basic('secret-app', SECRET),
  'another app': basic('stranger', SECRET),
  'a wrong secret': basic('fhir-server', `${RS_SECRET}x`),
  'nobody we know': basic('nobody', RS_SECRET),
} as const;
/**
 * What the two answer differently on purpose. Nothing of it is in the body: introspection is for programs (INT-02), which
 * need no headers for browsers, and an answer that is in no log has no reference id.
 */
const ONLY_AT_THE_PROVIDERS = [
  ...['access-control-expose-headers', 'content-security-policy', 'cross-origin-opener-policy'],
  ...['cross-origin-resource-policy', 'origin-agent-cluster', 'referrer-policy', 'vary', 'x-request-id'],
  ...['x-dns-prefetch-control', 'x-download-options', 'x-frame-options', 'x-permitted-cross-domain-policies'],
  ...['x-xss-protection', 'access-control-allow-origin'],
];

describe.each(DRIVERS)('introspection by its own route and by the provider, on %s', (driver) => {
  let backend: KeyedClient;
  const clients = [
    ...[PUBLIC_APP, SECRET_APP, RESOURCE_SERVER],
    { ...RESOURCE_SERVER, client_id: 'other-fhir', fhir_servers: ['other'] },
    { ...SECRET_APP, client_id: 'stranger' },
    { ...SECRET_APP, client_id: 'gone' },
  ];
  const suite = gatehouseOn(driver, async () => {
    backend = await keyedClient('backend', 'ES384');
    return {
      clients: [...clients, backend.registration],
      fhirServers: [
        { id: 'main', name: 'Main', url: FHIR },
        { id: 'other', name: 'Other', url: OTHER, accessTokenFormat: 'jwt' },
      ],
    };
  });
  const tokensOf = async (clientId: string, aud = FHIR) => {
    const { issuer } = suite.server;
    const code = await authorize(issuer, { clientId, params: { aud } });
    return (await redeem(issuer, code, {}, basic(clientId, SECRET))).body;
  };

  const corpus = new Map<string, string>();
  beforeAll(async () => {
    const { issuer } = suite.server;
    const [own, ended, revoked, jwt, gone] = [
      await tokensOf('secret-app'),
      await tokensOf('secret-app'),
      await tokensOf('secret-app'),
      await tokensOf('secret-app', OTHER),
      await tokensOf('gone'),
    ];
    const later = await postForm(
      `${issuer}/token`,
      { grant_type: 'refresh_token', refresh_token: own.refresh_token },
      CALLERS['the app itself'],
    );
    const unused = await authorize(issuer, { clientId: 'secret-app' });
    await postForm(`${issuer}/revoke`, { token: ended.refresh_token }, CALLERS['the app itself']);
    await postForm(`${issuer}/revoke`, { token: revoked.access_token }, CALLERS['the app itself']);
    await createGrantIndex(suite.server.driver, 3600).revokeAllOf({ clientId: 'gone' });
    for (const [what, text] of [
      ['an access token', own.access_token],
      ['the one after a refresh', later.body.access_token],
      ['an access token that is a JWT', jwt.access_token],
      ['the same with another signature', `${jwt.access_token.slice(0, -8)}AAAAAAAA`],
      ['one of a grant that was revoked', ended.access_token],
      ['one that was revoked', revoked.access_token],
      ['one of a client whose grants ended', gone.access_token],
      ['a refresh token', later.body.refresh_token],
      ['a refresh token that was used', own.refresh_token],
      ['a code', unused.code],
      ['an id token', own.id_token],
      ['a backend token', (await backendToken(issuer, backend, 'system/Patient.rs')).body.access_token],
      [
        'one with a letter changed',
        `${own.access_token.slice(0, -1)}${own.access_token.endsWith('A') ? 'B' : 'A'}`,
      ],
      ['a word', 'nonsense'],
      ['something that looks like one', `gat_${'A'.repeat(54)}`],
      ['nothing', ''],
    ] as const)
      corpus.set(what, String(text));
  });

  const ask = async (token: string, headers: Record<string, string>, more: Record<string, string> = {}) => {
    const body = new URLSearchParams({ token, ...more });
    const response = await fetch(`${suite.server.issuer}/introspect`, { method: 'POST', body, headers });
    const { error_description: words, ...told } = (await response.json()) as { error_description?: string };
    const text = words?.replace(/\(reference .*\)/, '');
    return { status: response.status, told, text, headers: response.headers };
  };
  /** A parameter nobody knows changes nothing, and is not asked in the usual way. */
  const elsewhere = { unheard_of: '1' };

  test.each(Object.keys(CALLERS) as (keyof typeof CALLERS)[])(
    '[INT-03] [INT-06] [INT-09] %s is told the same of everything',
    async (who) => {
      const seen = { living: 0, atOnce: 0 };
      for (const [what, token] of corpus) {
        const [one, other] = [await ask(token, CALLERS[who]), await ask(token, CALLERS[who], elsewhere)];
        expect({ what, ...one, headers: 0 }).toEqual({ what, ...other, headers: 0 });
        if ('active' in one.told && one.told.active === true) seen.living += 1;
        expect(other.headers.has('x-request-id')).toBe(true);
        if (one.headers.has('x-request-id')) continue;
        seen.atOnce += 1;
        const names = (headers: Headers): string[] =>
          [...headers.keys()].filter((name) => !ONLY_AT_THE_PROVIDERS.includes(name)).sort();
        expect(names(one.headers)).toEqual(names(other.headers));
        expect(one.headers.get('cache-control')).toBe(other.headers.get('cache-control'));
        expect(one.headers.get('content-type')).toBe(other.headers.get('content-type'));
      }
      expect(seen).toEqual(EXPECTED[who]);
    },
  );

  test.each([
    ['a type that only begins like a form', { 'content-type': 'application/x-www-form-urlencodedX' }],
    ['a type in capitals', { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' }],
    ['JSON', { 'content-type': 'application/json' }],
    ['a signed answer, in capitals', { accept: 'Application/Token-Introspection+JWT' }],
    ['anything', { accept: '*/*' }],
    ['Basic in capitals', { authorization: CALLERS['every FHIR server'].authorization.replace('B', 'BA') }],
    ['Basic that is no base64', { authorization: 'Basic ???' }],
    ['Basic without a colon', { authorization: `Basic ${btoa('fhir-server')}` }],
    ['Basic twice', { authorization: `${CALLERS['every FHIR server'].authorization}, Basic eDp5` }],
    ['a Bearer', { authorization: 'Bearer nonsense' }],
    ['nobody', { authorization: '' }],
    ['an origin', { origin: 'https://app.example.org' }],
  ] as [string, Record<string, string>][])(
    '[INT-03] [INT-06] asked with %s, both answer alike',
    async (_what, odd) => {
      const token = corpus.get('an access token')!;
      const send = async (body: string) => {
        const usual = {
          ...CALLERS['every FHIR server'],
          'content-type': 'application/x-www-form-urlencoded',
        };
        const headers: Record<string, string> = { ...usual, ...odd };
        const response = await fetch(`${suite.server.issuer}/introspect`, { method: 'POST', headers, body });
        const text = (await response.text()).replace(/\(reference .*?\)/, '');
        const type = response.headers.get('content-type');
        return { status: response.status, type, text: type?.includes('jwt') ? 'signed' : text };
      };
      expect(await send(`token=${token}`)).toEqual(await send(`token=${token}&unheard_of=1`));
    },
  );
});

/** How many of the corpus live for whom, and how many are answered by the route of introspection itself. */
const EXPECTED: Readonly<Record<keyof typeof CALLERS, { living: number; atOnce: number }>> = {
  'every FHIR server': { living: 4, atOnce: 13 },
  'the other FHIR server': { living: 1, atOnce: 13 },
  'the app itself': { living: 4, atOnce: 13 },
  'another app': { living: 0, atOnce: 13 },
  'a wrong secret': { living: 0, atOnce: 0 },
  'nobody we know': { living: 0, atOnce: 0 },
};

import { beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

import { createJwtReader } from '../../../src/resource-server/index.ts';
import {
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const MEDIA_TYPE = 'application/token-introspection+jwt';

describe.each(DRIVERS)('signed introspection answers on %s', (driver) => {
  let asker: KeyedClient;
  const suite = gatehouseOn(driver, async (issuer) => {
    const scope = `${issuer}/scopes/introspect`;
    asker = await keyedClient('asker', 'ES384', { scope, rights: ['introspect'] });
    return { clients: [PUBLIC_APP, RESOURCE_SERVER, asker.registration] };
  });
  let token: string;
  let bearer: string;
  beforeAll(async () => {
    const { issuer } = suite.server;
    token = (await redeem(issuer, await authorize(issuer))).body.access_token;
    bearer = (await backendToken(issuer, asker, `${issuer}/scopes/introspect`)).body.access_token;
  });

  const ask = (accept: string, form: Record<string, string>, authorization: string): Promise<Response> =>
    fetch(`${suite.server.issuer}/introspect`, {
      method: 'POST',
      headers: { accept, authorization },
      body: new URLSearchParams(form),
    });
  const open = async (response: Response, audience: string): Promise<JWTPayload> => {
    expect(response.headers.get('content-type')).toBe(MEDIA_TYPE);
    expect(response.headers.get('cache-control')).toMatch(/no-store/);
    const { issuer } = suite.server;
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const typ = 'token-introspection+jwt';
    return (await jwtVerify(await response.text(), keys, { issuer, audience, typ })).payload;
  };
  const doors = () =>
    [
      ['fhir-server', basic('fhir-server', RS_SECRET)['authorization'] ?? ''],
      ['asker', `Bearer ${bearer}`],
    ] as const;

  test('[INT-02] both doors sign when asked to, and say the same as in JSON', async () => {
    for (const [caller, authorization] of doors()) {
      const plain: unknown = await (await ask('application/json', { token }, authorization)).json();
      const claims = await open(await ask(MEDIA_TYPE, { token }, authorization), caller);
      expect(claims['token_introspection']).toEqual(plain);
      expect(plain).toMatchObject({ active: true, patient: 'p1' });
      expect(Math.abs(Number(claims.iat) - Date.now() / 1000)).toBeLessThan(10);
      // RFC 9701 §5: it must not pass for an access token.
      for (const member of ['sub', 'exp', 'scope']) expect(claims).not.toHaveProperty(member);
    }
  });

  test('[INT-06] of an inactive token nothing is signed but that', async () => {
    for (const [caller, authorization] of doors()) {
      const claims = await open(await ask(MEDIA_TYPE, { token: 'unknown' }, authorization), caller);
      expect(claims['token_introspection']).toEqual({ active: false });
    }
  });

  test.each(['*/*', 'application/json', `application/json, ${MEDIA_TYPE};q=0.5`, 'text/html'])(
    '[INT-11] Accept: %s gets JSON',
    async (accept) => {
      for (const [, authorization] of doors()) {
        const response = await ask(accept, { token }, authorization);
        expect(response.headers.get('content-type')).toMatch(/^application\/json/);
        expect(await response.json()).toMatchObject({ active: true });
      }
    },
  );

  test('[INT-07] a refusal stays JSON', async () => {
    const response = await ask(MEDIA_TYPE, { token }, 'Bearer nonsense');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
    const wrong = await ask(
      MEDIA_TYPE,
      { token },
      basic('fhir-server', 'wrong-secret-of-some-length')['authorization'] ?? '',
    );
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({ error: 'invalid_client' });
  });

  test('the metadata names the algorithm', async () => {
    const response = await fetch(`${suite.server.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({ introspection_signing_alg_values_supported: ['RS256'] });
  });
});

describe('a resource server that reads JWT access tokens itself', () => {
  const suite = gatehouseOn('embedded', () => ({
    fhirServers: [{ id: 'main', name: 'Main', url: FHIR, accessTokenFormat: 'jwt' as const }],
    clients: [PUBLIC_APP],
  }));
  const reader = (more: Partial<Parameters<typeof createJwtReader>[0]> = {}) =>
    createJwtReader({
      issuer: suite.server.issuer,
      jwksUri: `${suite.server.issuer}/jwks`,
      fhirBaseUrl: FHIR,
      ...more,
    });

  test('[SEM-01] [SEM-02] [SEM-25] it knows a good one, and why another is not', async () => {
    const { issuer } = suite.server;
    const { body } = await redeem(issuer, await authorize(issuer));
    expect(await reader()(body.access_token)).toMatchObject({
      kind: 'active',
      token: { clientId: 'public-app', patient: 'p1', scopeText: body.scope, aud: FHIR },
    });
    const refused = { kind: 'inactive', description: 'the access token is not valid here' };
    expect(await reader()(String(body['id_token']))).toEqual(refused);
    expect(await reader()(body.refresh_token)).toEqual(refused);
    expect(await reader({ issuer: 'https://other.example' })(body.access_token)).toEqual(refused);
    expect(await reader({ fhirBaseUrl: 'https://other.example/fhir' })(body.access_token)).toEqual({
      kind: 'inactive',
      description: 'the access token was issued for another FHIR server',
    });
    const later = () => Math.floor(Date.now() / 1000) + 3601;
    expect(await reader({ clock: later })(body.access_token)).toEqual({
      kind: 'inactive',
      description: 'the access token has expired',
    });
    const { kind } = await reader({ jwksUri: 'http://127.0.0.1:9/jwks' })(body.access_token);
    expect(kind).toBe('unavailable');
  });
});

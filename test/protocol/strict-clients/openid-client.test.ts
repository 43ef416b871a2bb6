import { describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';

import {
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  keyedClient,
} from '../../support/clients.ts';
import { SCOPE, authorizeAt } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const RSA_BACKEND = await keyedClient('rsa-backend', 'RS384');
const EC_BACKEND = await keyedClient('ec-backend', 'ES384');
const KEYED_APP = await keyedClient('keyed-app', 'ES384', {
  ...PUBLIC_APP,
  client_id: 'keyed-app',
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['authorization_code', 'refresh_token'],
});

// Plain http is for loopback only; the id token's signature is checked though TLS would excuse that.
const insecure = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

describe.each(DRIVERS)('openid-client 6 on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [
      ...[PUBLIC_APP, SECRET_APP, RESOURCE_SERVER],
      ...[RSA_BACKEND.registration, EC_BACKEND.registration, KEYED_APP.registration],
    ],
  }));

  const discover = (clientId: string, auth: client.ClientAuth, alg = 'ES384') =>
    client.discovery(
      new URL(suite.server.issuer),
      clientId,
      { id_token_signed_response_alg: 'RS256', token_endpoint_auth_signing_alg: alg },
      auth,
      insecure,
    );
  const signed = ({ privateKey, publicJwk }: typeof KEYED_APP) =>
    client.PrivateKeyJwt(
      { key: privateKey, kid: publicJwk.kid! },
      // SMART asks for `typ`, which the library leaves out unless it is told.
      { [client.modifyAssertion]: (header) => void (header['typ'] = 'JWT') },
    );

  const ways = [
    ['a public app', 'public-app', () => client.None()],
    ['an app with a secret', 'secret-app', () => client.ClientSecretBasic(SECRET)],
    ['an app with a key', 'keyed-app', () => signed(KEYED_APP)],
  ] as const;

  test.each(ways)(
    '[RESP-07] [TOK-12] [OIDC-01] [REF-19] %s: code with PKCE, iss and id token checked, refresh, revocation',
    async (_what, clientId, auth) => {
      const config = await discover(clientId, auth());
      const [pkceCodeVerifier, expectedState, expectedNonce] = [
        client.randomPKCECodeVerifier(),
        client.randomState(),
        client.randomNonce(),
      ];
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT,
        scope: SCOPE,
        aud: FHIR,
        state: expectedState,
        nonce: expectedNonce,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      });
      const callback = await authorizeAt(suite.server.issuer, url.href);
      expect(callback.searchParams.get('iss')).toBe(suite.server.issuer);

      const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(config, callback, checks);
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, patient: 'p1' });
      expect(tokens.claims()).toMatchObject({
        iss: suite.server.issuer,
        aud: clientId,
        fhirUser: `${FHIR}/Patient/p1`,
      });

      const again = await client.refreshTokenGrant(config, tokens.refresh_token!);
      expect(again).toMatchObject({ scope: tokens.scope, patient: 'p1' });
      expect(again.claims()?.sub).toBe(tokens.claims()?.sub);

      await client.tokenRevocation(config, again.refresh_token!);
      await expect(client.refreshTokenGrant(config, again.refresh_token!)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    },
  );

  test('[RESP-07] the client refuses a response whose iss is another one, as ours would be to another server', async () => {
    const config = await discover('public-app', client.None());
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: SCOPE,
      aud: FHIR,
      state: 'a-state-of-this-test',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const callback = await authorizeAt(suite.server.issuer, url.href);
    callback.searchParams.set('iss', 'https://other.example');
    const checks = { pkceCodeVerifier, expectedState: 'a-state-of-this-test' };
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/unexpected "iss"/) },
    });
    callback.searchParams.delete('iss');
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/"iss".*missing/) },
    });
  });

  test.each([
    ['CLI-08', 'RS384', RSA_BACKEND],
    ['CLI-08', 'ES384', EC_BACKEND],
  ] as const)(
    '[%s] [BSV-07] private_key_jwt with %s gets a backend token that a FHIR server can check',
    async (_id, alg, keyed) => {
      const config = await discover(keyed.registration.client_id, signed(keyed), alg);
      const tokens = await client.clientCredentialsGrant(config, { scope: 'system/Patient.rs' });
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'system/Patient.rs' });
      expect(tokens.refresh_token).toBeUndefined();

      const fhirServer = await discover('fhir-server', client.ClientSecretBasic(RS_SECRET));
      const told = await client.tokenIntrospection(fhirServer, tokens.access_token);
      expect(told).toMatchObject({
        active: true,
        client_id: keyed.registration.client_id,
        scope: 'system/Patient.rs',
        aud: FHIR,
      });
      await client.tokenRevocation(config, tokens.access_token);
      expect(await client.tokenIntrospection(fhirServer, tokens.access_token)).toEqual({ active: false });
    },
  );
});

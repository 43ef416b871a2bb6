import { describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';

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

const RSA_APP = await keyedClient('rsa-app', 'RS384', {
  ...PUBLIC_APP,
  client_id: 'rsa-app',
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['authorization_code', 'refresh_token'],
});
const EC_BACKEND = await keyedClient('ec-backend', 'ES384');

const insecure = { [oauth.allowInsecureRequests]: true };

describe.each(DRIVERS)('oauth4webapi 3 on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, RSA_APP.registration, EC_BACKEND.registration],
  }));

  const discover = async (): Promise<oauth.AuthorizationServer> => {
    const issuer = new URL(suite.server.issuer);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  };
  const signed = ({ privateKey, publicJwk }: typeof RSA_APP) =>
    oauth.PrivateKeyJwt(
      { key: privateKey, kid: publicJwk.kid! },
      // SMART asks for `typ`, which the library leaves out unless it is told.
      { [oauth.modifyAssertion]: (header) => void (header['typ'] = 'JWT') },
    );

  test.each([
    ['CAP-04', 'a public app', 'public-app', () => oauth.None()],
    ['CAP-05', 'an app with a secret', 'secret-app', () => oauth.ClientSecretBasic(SECRET)],
    ['CAP-06', 'an app with an RSA key', 'rsa-app', () => signed(RSA_APP)],
  ] as const)(
    '[TOK-07] [%s] [CAP-07] [OIDC-10] [REF-08] %s: code, id token with its signature, refresh',
    async (_capability, _what, clientId, authOf) => {
      const as = await discover();
      const client: oauth.Client = { client_id: clientId };
      const verifier = oauth.generateRandomCodeVerifier();
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
      const url = new URL(as.authorization_endpoint!);
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: REDIRECT,
        scope: SCOPE,
        aud: FHIR,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }).toString();

      const params = oauth.validateAuthResponse(
        as,
        client,
        await authorizeAt(suite.server.issuer, url.href),
        state,
      );
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        client,
        authOf(),
        params,
        REDIRECT,
        verifier,
        insecure,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(as, response, insecure);
      expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({
        iss: suite.server.issuer,
        aud: clientId,
      });
      expect(tokens['patient']).toBe('p1');

      const refreshed = await oauth.refreshTokenGrantRequest(
        as,
        client,
        authOf(),
        tokens.refresh_token!,
        insecure,
      );
      const again = await oauth.processRefreshTokenResponse(as, client, refreshed);
      expect(again).toMatchObject({ scope: tokens.scope, patient: 'p1', expires_in: 3600 });
    },
  );

  test('[RESP-02] a refusal is an authorization error response with iss, which the client understands', async () => {
    const as = await discover();
    const url = new URL(as.authorization_endpoint!);
    url.search = new URLSearchParams({
      ...{
        response_type: 'code',
        client_id: 'public-app',
        redirect_uri: REDIRECT,
        scope: SCOPE,
        state: 'a-state',
      },
    }).toString();
    const callback = await authorizeAt(suite.server.issuer, url.href);
    const check = () => oauth.validateAuthResponse(as, { client_id: 'public-app' }, callback, 'a-state');
    expect(check).toThrow(oauth.AuthorizationResponseError);
    expect(callback.searchParams.get('iss')).toBe(suite.server.issuer);
  });

  test('[BSV-01] [INT-03] [REV-03] backend token, introspection and revocation', async () => {
    const as = await discover();
    const backend: oauth.Client = { client_id: 'ec-backend' };
    const asked = { scope: 'system/Observation.rs' };
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      backend,
      signed(EC_BACKEND),
      asked,
      insecure,
    );
    const tokens = await oauth.processClientCredentialsResponse(as, backend, response);
    expect(tokens).toMatchObject({ scope: 'system/Observation.rs', expires_in: 300 });

    const rs: oauth.Client = { client_id: 'fhir-server' };
    const introspect = async (): Promise<oauth.IntrospectionResponse> => {
      const auth = oauth.ClientSecretBasic(RS_SECRET);
      const told = await oauth.introspectionRequest(as, rs, auth, tokens.access_token, insecure);
      return oauth.processIntrospectionResponse(as, rs, told);
    };
    expect(await introspect()).toMatchObject({ active: true, client_id: 'ec-backend', aud: FHIR });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, backend, signed(EC_BACKEND), tokens.access_token, insecure),
    );
    expect(await introspect()).toEqual({ active: false });
  });
});

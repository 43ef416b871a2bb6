import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import * as oidc from 'openid-client';

import { algorithmsFor } from '../../../src/algorithms/index.ts';
import type { IdentityProviderConfig } from '../../../src/config/index.ts';
import { Secret } from '../../../src/config/secret.ts';
import { createDiscovery } from '../../../src/relying-party/discovered.ts';

/** A provider that signs with Ed25519, and says that it also could with RS256. */
describe('what a provider may sign with', () => {
  let server: Server;
  let provider: IdentityProviderConfig;
  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA', use: 'sig' };
    server = createServer((request, response) => {
      void (async () => {
        const { port } = server.address() as AddressInfo;
        const issuer = `http://localhost:${port}`;
        const idToken = (): Promise<string> =>
          new SignJWT({ nonce: 'n' })
            .setProtectedHeader({ alg: 'EdDSA', kid: 'k' })
            .setIssuer(issuer)
            .setSubject('amy')
            .setAudience('gatehouse')
            .setIssuedAt()
            .setExpirationTime('5m')
            .sign(privateKey);
        const answers: Record<string, () => Promise<object> | object> = {
          '/.well-known/openid-configuration': () => ({
            ...{ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` },
            id_token_signing_alg_values_supported: ['EdDSA', 'RS256', 'none'],
          }),
          '/jwks': () => ({ keys: [key] }),
          '/token': async () => ({ access_token: 'a', token_type: 'bearer', id_token: await idToken() }),
        };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(await answers[request.url ?? '']?.()));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
    const clientSecret = new Secret('what-the-hospital-gave-us');
    provider = { id: 'x', name: 'X', issuer, clientId: 'gatehouse', clientSecret } as IdentityProviderConfig;
  });
  afterAll(() => void server.close());

  const signIn = async (fips: boolean): Promise<string | undefined> => {
    const { client } = await createDiscovery(algorithmsFor(fips).providers)(provider);
    const back = new URL('https://gatehouse.example/callback?code=c&state=s');
    const answer = await oidc.authorizationCodeGrant(client, back, {
      ...{ expectedNonce: 'n', expectedState: 's', pkceCodeVerifier: 'v'.repeat(43) },
    });
    return answer.claims()?.sub;
  };

  test('[SEC-6] Ed25519 counts, and in FIPS mode it does not', async () => {
    expect(await signIn(false)).toBe('amy');
    await expect(signIn(true)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('alg') },
    });
  });

  test('[SEC-6] none is never among them', async () => {
    const { client } = await createDiscovery()(provider);
    expect(client.serverMetadata().id_token_signing_alg_values_supported).toEqual(['EdDSA', 'RS256']);
  });
});

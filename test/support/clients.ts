import { SignJWT, exportJWK, generateKeyPair, type JWK } from 'jose';

import type { ClientRegistrationInput } from '../../src/clients/index.ts';

export const REDIRECT = 'http://localhost:4999/cb';
export const SECRET = 'a-secret-of-the-confidential-app-1';
export const RS_SECRET = 'a-secret-of-the-resource-server-1';

export const PUBLIC_APP: ClientRegistrationInput = {
  client_id: 'public-app',
  client_name: 'Public App',
  redirect_uris: [REDIRECT],
  launch_uris: ['http://localhost:4999/launch?keep=1'],
  scope:
    'openid fhirUser profile launch launch/patient launch/encounter offline_access online_access patient/*.cruds user/*.cruds',
};

export const SECRET_APP: ClientRegistrationInput = {
  ...PUBLIC_APP,
  client_id: 'secret-app',
  client_name: 'Secret App',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: SECRET,
};

export const RESOURCE_SERVER: ClientRegistrationInput = {
  client_id: 'fhir-server',
  client_name: 'FHIR server',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: RS_SECRET,
  grant_types: [],
  rights: ['introspect'],
};

export interface KeyedClient {
  readonly registration: ClientRegistrationInput;
  /** Signs a client assertion; members given replace the usual ones, `undefined` leaves one out. */
  assertion(
    audience: string,
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
  ): Promise<string>;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function keyedClient(
  clientId: string,
  alg: 'RS384' | 'ES384',
  registration: Partial<ClientRegistrationInput> = {},
): Promise<KeyedClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: `${clientId}-key`, alg, use: 'sig' };
  return {
    privateKey,
    publicJwk,
    registration: {
      client_id: clientId,
      client_name: clientId,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicJwk] } as NonNullable<ClientRegistrationInput['jwks']>,
      grant_types: ['client_credentials'],
      scope: 'system/*.rs',
      ...registration,
    },
    assertion: (audience, claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: clientId, sub: clientId, aud: audience, exp: now + 240, jti: crypto.randomUUID() };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg, typ: 'JWT', kid: publicJwk.kid, ...header })
        .sign(privateKey);
    },
  };
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export function basic(clientId: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` };
}

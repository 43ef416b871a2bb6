import { createPrivateKey } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as oidc from 'openid-client';

import { algorithmsFor, isFips } from '../algorithms/index.ts';
import type { IdentityProviderConfig } from '../config/index.ts';

/** By our key, or by our secret in the way that the provider takes. */
export async function clientAuthOf({
  clientKey,
  clientKeyId,
  clientSecret,
}: IdentityProviderConfig): Promise<oidc.ClientAuth> {
  if (clientKey === undefined) return bySecret(clientSecret?.reveal() ?? '');
  const pem = clientKey.reveal();
  const key = await importPKCS8(pem, algorithmOf(pem));
  return oidc.PrivateKeyJwt(clientKeyId === undefined ? key : { key, kid: clientKeyId });
}

function bySecret(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const way = methods.includes('client_secret_basic') ? basic : post;
    way(server, client, body, headers);
  };
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function algorithmOf(pem: string): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
  if (asymmetricKeyType === 'ed25519') {
    if (algorithmsFor(isFips()).mayUseEd25519) return 'EdDSA';
    throw new TypeError('a clientKey of Ed25519 cannot be used in FIPS mode; give it an RSA or EC key');
  }
  return asymmetricKeyType === 'ec' ? (CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'ES256') : 'RS256';
}

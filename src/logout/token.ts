import { SignJWT, importJWK } from 'jose';

import { inSigningOrder, type SigningKeySet } from '../keys/index.ts';
import type { AccountId, Clock } from '../oauth/index.ts';
import type { AppOfSession } from './store.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** As long as the specification recommends at most. */
const LIFETIME_SECONDS = 120;

export interface LogoutTokenParts {
  readonly issuer: string;
  readonly signingKeys: () => SigningKeySet | Promise<SigningKeySet>;
  readonly clock: Clock;
}

/**
 * Says to one app that somebody has signed out (OpenID Connect Back-Channel Logout 1.0 §2.4). It has no `nonce`, and a type
 * of its own: it must never pass for an id token.
 */
export async function signLogoutToken(
  { clientId, sid }: AppOfSession,
  accountId: AccountId,
  { issuer, signingKeys, clock }: LogoutTokenParts,
): Promise<string> {
  // As id tokens are signed: an app has the keys for that already (§2.4).
  const key = inSigningOrder(await signingKeys()).find(({ alg }) => alg === 'RS256');
  if (!key) throw new TypeError('there is no signing key');
  const now = clock();
  return new SignJWT({ events: { [EVENT]: {} }, ...(sid === undefined ? {} : { sid }) })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'logout+jwt' })
    .setIssuer(issuer)
    .setAudience(clientId)
    .setSubject(accountId)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME_SECONDS)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(key.jwk, key.alg));
}

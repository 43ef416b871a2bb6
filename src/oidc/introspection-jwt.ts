import { SignJWT, importJWK } from 'jose';
import type { Context } from 'koa';

import { inSigningOrder, type SigningKeySet } from '../keys/index.ts';
import type { Clock } from '../oauth/index.ts';

const MEDIA_TYPE = 'application/token-introspection+jwt';

export interface IntrospectionJwtParts {
  readonly issuer: string;
  readonly signingKeys: () => SigningKeySet;
  readonly clock: Clock;
}

/**
 * Signs an introspection answer for a resource server that asks for `application/token-introspection+jwt`, so that it can
 * show later what it was told (RFC 9701 §5). Who does not ask gets JSON.
 *
 * @param caller the client id of the resource server: the `aud` of the answer
 */
export async function signIfAsked(
  ctx: Context,
  caller: string,
  { issuer, signingKeys, clock }: IntrospectionJwtParts,
): Promise<void> {
  if (ctx.accepts('application/json', MEDIA_TYPE) !== MEDIA_TYPE) return;
  // The default of RFC 9701 §6, which needs no registration.
  const key = inSigningOrder(signingKeys()).find(({ alg }) => alg === 'RS256');
  if (!key) throw new TypeError('there is no signing key');
  const jwt = await new SignJWT({ token_introspection: ctx.body })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'token-introspection+jwt' })
    .setIssuer(issuer)
    .setAudience(caller)
    .setIssuedAt(clock())
    .sign(await importJWK(key.jwk, key.alg));
  ctx.body = jwt;
  ctx.type = MEDIA_TYPE;
}

import type { JWTPayload } from 'jose';
import { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider';

import { findKey } from '../clients/index.ts';
import type { Clock } from '../oauth/index.ts';

/** SMART: an assertion lives five minutes at most; test clients use all of it, so clocks get a minute (GEN-08). */
const MAX_LIFETIME_SECONDS = 300;
const SKEW_SECONDS = 60;
const MAX_JTI_LENGTH = 512;

/**
 * What SMART asks of a client assertion beyond RFC 7523, checked after the signature and before its id is remembered
 * (SMART App Launch 2.2.0, "Client Authentication: Asymmetric"; CLI-06, CLI-07, CLI-12 … CLI-15, CLI-19).
 *
 * @param audiences what `aud` may be: the token URL or the issuer; an array only if every member is ours
 * @param unsureBefore milliseconds since 1970: assertions made before may have been used, and the store may have forgotten
 */
export function assertSmartAssertion(
  clock: Clock,
  audiences: () => ReadonlySet<string>,
  unsureBefore: () => number,
) {
  return (
    _ctx: KoaContextWithOIDC,
    claims: JWTPayload,
    header: Record<string, unknown>,
    client: Client,
  ): void => {
    const problem =
      findProblem(claims, header, client, clock(), audiences()) ?? tooOld(claims, unsureBefore());
    if (problem) throw new errors.InvalidClientAuth(problem);
  };
}

/** One that does not say when it was made is as old as it can be. */
function tooOld({ iat, exp = 0 }: JWTPayload, unsureBefore: number): string | undefined {
  const madeAt = typeof iat === 'number' ? iat : exp - MAX_LIFETIME_SECONDS;
  return madeAt * 1000 < unsureBefore
    ? 'the assertion may be from before a failure of the server; make a new one, and say in iat when'
    : undefined;
}

function findProblem(
  claims: JWTPayload,
  header: Record<string, unknown>,
  client: Client,
  now: number,
  audiences: ReadonlySet<string>,
): string | undefined {
  const { aud, exp, iat, nbf, jti, sub } = claims;
  const problem = headerProblem(header, client) ?? registeredKeyProblem(header, client);
  if (problem !== undefined) return problem;
  if (sub !== claims.iss) return 'the assertion iss and sub must both be the client_id';
  if (![aud].flat().every((one) => typeof one === 'string' && audiences.has(one))) {
    return 'the assertion aud must be the token endpoint URL';
  }
  if (typeof exp !== 'number' || exp > now + MAX_LIFETIME_SECONDS + SKEW_SECONDS) {
    return 'the assertion exp must be at most five minutes ahead';
  }
  if (
    [iat, nbf].some((time) => time !== undefined && (typeof time !== 'number' || time > now + SKEW_SECONDS))
  ) {
    return 'the assertion iat or nbf lies in the future';
  }
  if (typeof jti !== 'string' || jti.length > MAX_JTI_LENGTH) return 'the assertion jti must be a string';
  return undefined;
}

/** What is wrong with the header of an assertion; to be known before any key is fetched for it. */
export function headerProblem(header: Record<string, unknown>, client: Client): string | undefined {
  const { kid, typ, jku } = header;
  if (typeof kid !== 'string' || !kid) return 'the assertion header has no kid';
  if (typ !== 'JWT') return 'the assertion header typ must be JWT';
  if (jku !== undefined && jku !== client.jwksUri) return 'the assertion jku is not the registered JWKS URL';
  return undefined;
}

/** Of a client that keeps its keys at a URL the one key was found before the signature was verified. */
function registeredKeyProblem({ kid, alg }: Record<string, unknown>, client: Client): string | undefined {
  if (!client.jwks) return undefined;
  const found = findKey(client.jwks.keys, { kid, alg });
  return found.ok ? undefined : describeMissingKey(found.problem);
}

export function describeMissingKey(problem: 'unknown' | 'ambiguous'): string {
  return problem === 'unknown'
    ? 'the assertion kid names no registered key that fits its alg'
    : 'the assertion kid names more than one registered key';
}

import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';

import { systemClock, type Clock } from '../oauth/index.ts';
import type { IntrospectionResult, Introspect } from './introspection.ts';
import { tokenFrom, verifyToken } from './token.ts';

export interface JwtReaderOptions {
  /** The `issuer` of the authorization server. */
  readonly issuer: string;
  /** Its `jwks_uri`; fetched on first use, and again for a `kid` it did not have. */
  readonly jwksUri: string;
  /** Our own FHIR base URL: tokens for other audiences are refused (SEM-02). */
  readonly fhirBaseUrl: string;
  /** Milliseconds the keys may take, default 2000. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/**
 * Makes a function that reads JWT access tokens here, without asking the authorization server (RFC 9068 §4). Quick, but it
 * does not see a revocation before the token expires: where that matters, ask with `createIntrospector`.
 */
export function createJwtReader(options: JwtReaderOptions): Introspect {
  const clock = options.clock ?? systemClock;
  const keys = createRemoteJWKSet(new URL(options.jwksUri), {
    timeoutDuration: options.timeoutMs ?? 2000,
    ...(options.fetch ? { [customFetch]: options.fetch } : {}),
  });
  return async (token) => {
    try {
      return await read(token, keys, options, clock);
    } catch (error) {
      return explain(error);
    }
  };
}

/** Of public keys only; which of them signs is Gatehouse's choice. */
const ALGORITHMS = ['RS256', 'RS384', 'ES256', 'ES384'] as const;

async function read(
  text: string,
  keys: JWTVerifyGetKey,
  { issuer, fhirBaseUrl }: JwtReaderOptions,
  clock: Clock,
): Promise<IntrospectionResult> {
  const { payload } = await jwtVerify(text, keys, {
    issuer,
    typ: 'at+jwt',
    algorithms: [...ALGORITHMS],
    currentDate: new Date(clock() * 1000),
  });
  const token = tokenFrom(payload);
  if (!token) return { kind: 'inactive', description: 'the access token lacks scope, client_id or exp' };
  const refused = verifyToken(token, { fhirBaseUrl, now: clock() });
  return refused ? { kind: 'inactive', description: refused.description } : { kind: 'active', token };
}

/** Whose fault: the token's, or of the way to the keys? */
function explain(error: unknown): IntrospectionResult {
  const isAway =
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error.code === 'ERR_JOSE_GENERIC';
  if (isAway) {
    return {
      kind: 'unavailable',
      detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
  const expired = error instanceof errors.JWTExpired;
  return {
    kind: 'inactive',
    description: `the access token ${expired ? 'has expired' : 'is not valid here'}`,
  };
}

import { SignJWT, importJWK, type JWK } from 'jose';

import type { Clock } from '../oauth/index.ts';

/** How a resource server proves to Gatehouse who it is. */
export type Credentials =
  /** Sent as HTTP Basic. */
  | { readonly clientId: string; readonly clientSecret: string }
  /** Signs an assertion for a backend token, which is kept until shortly before it expires (`private_key_jwt`). */
  | {
      readonly clientId: string;
      /** With `alg` (RS384 or ES384) and `kid`. */
      readonly privateKey: JWK;
    };

/** Gives the `Authorization` header for a request to Gatehouse. */
export interface Authorizer {
  /** Is there another one to be had when one is not taken? */
  readonly canRenew: boolean;
  /** @param renew the last one was not taken */
  header(renew?: boolean): Promise<string>;
}

export interface AuthorizerParts {
  readonly credentials: Credentials;
  readonly issuer: string;
  readonly tokenEndpoint: () => Promise<string>;
  readonly send: typeof fetch;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const ASSERTION_SECONDS = 60;
const RENEW_BEFORE_SECONDS = 30;

export function createAuthorizer(parts: AuthorizerParts): Authorizer {
  const { credentials } = parts;
  if ('clientSecret' in credentials) {
    const text = basic(credentials.clientId, credentials.clientSecret);
    return { canRenew: false, header: () => Promise.resolve(text) };
  }
  let kept: { readonly text: string; readonly until: number } | undefined;
  let underway: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const { access_token: token, expires_in: seconds } = await fetchToken(parts, credentials);
    kept = { text: `Bearer ${token}`, until: parts.clock() + seconds - RENEW_BEFORE_SECONDS };
    return kept.text;
  };
  return {
    canRenew: true,
    async header(isRefused = false) {
      if (!isRefused && kept && parts.clock() < kept.until) return kept.text;
      underway ??= renew().finally(() => (underway = undefined));
      return underway;
    },
  };
}

/** HTTP Basic with id and secret form-encoded first (RFC 6749 §2.3.1). */
export function basic(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64')}`;
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

async function fetchToken(
  { issuer, tokenEndpoint, send, timeoutMs, clock }: AuthorizerParts,
  { clientId, privateKey }: Extract<Credentials, { privateKey: JWK }>,
): Promise<TokenAnswer> {
  const { alg = '', kid = '' } = privateKey;
  const endpoint = await tokenEndpoint();
  const assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(endpoint)
    .setExpirationTime(clock() + ASSERTION_SECONDS)
    .sign(await importJWK(privateKey, alg));
  const response = await send(endpoint, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: `${issuer}/scopes/introspect`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = (await response.json()) as Partial<TokenAnswer> | null;
  if (response.status !== 200 || typeof answer?.access_token !== 'string')
    throw new Error(`the token endpoint answered ${response.status} to our own client`);
  return { access_token: answer.access_token, expires_in: answer.expires_in ?? 0 };
}

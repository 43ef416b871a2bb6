import { randomUUID } from 'node:crypto';
import { SignJWT, importJWK, type JWK } from 'jose';

import type { LaunchEhr, VouchForUser } from './apps/server.ts';

export interface EhrClientOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** RS384 key whose public half is registered for the client. */
  readonly privateJwk: JWK;
}

const ASSERTION_SECONDS = 120;
const TIMEOUT_MS = 5000;

/**
 * What a real EHR does to launch an app: gets a backend token with a signed assertion, says what is open on its screen,
 * and opens the address it is given.
 */
export function createEhrClient(options: EhrClientOptions): LaunchEhr {
  return async ({
    clientId,
    launchUri,
    fhirBaseUrl,
    username,
    fhirUser,
    patient,
    encounter,
    intent,
    needPatientBanner,
  }) => {
    const token = await backendToken(options);
    const answer = await postJson(`${options.issuer}/launches`, token, {
      client_id: clientId,
      iss: fhirBaseUrl,
      ...(launchUri === undefined ? {} : { launch_uri: launchUri }),
      fhirUser,
      login_hint: username,
      patient,
      ...(encounter === undefined ? {} : { encounter }),
      ...(intent === undefined ? {} : { intent }),
      need_patient_banner: needPatientBanner,
      tenant: 'demo-hospital',
    });
    return typeof answer['launch_url'] === 'string'
      ? { launchUrl: answer['launch_url'] }
      : { error: describe(answer) };
  };
}

const VOUCH_SECONDS = 60;

/**
 * What a real EHR answers when Gatehouse asks who is at the browser: signed, for this launch and this browser alone, and
 * good for a minute.
 */
export function createVouch({ issuer, clientId, privateJwk }: EhrClientOptions): VouchForUser {
  return async ({ username, nonce, launch }) =>
    new SignJWT({ nonce, launch })
      .setProtectedHeader({ alg: 'RS384', typ: 'user-sign-in+jwt', kid: privateJwk.kid ?? '' })
      .setIssuer(clientId)
      .setSubject(username)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime(`${VOUCH_SECONDS}s`)
      .sign(await importJWK(privateJwk, 'RS384'));
}

async function backendToken({ issuer, clientId, privateJwk }: EhrClientOptions): Promise<string> {
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'RS384', typ: 'JWT', kid: privateJwk.kid ?? '' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(`${issuer}/token`)
    .setExpirationTime(`${ASSERTION_SECONDS}s`)
    .sign(await importJWK(privateJwk, 'RS384'));
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: `${issuer}/scopes/launch`,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = asRecord(await response.json());
  if (typeof answer['access_token'] !== 'string') {
    throw new TypeError(`the authorization server gave the EHR no token: ${describe(answer)}`);
  }
  return answer['access_token'];
}

async function postJson(url: string, token: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return asRecord(await response.json());
}

function describe(answer: Record<string, unknown>): string {
  const description = answer['error_description'];
  return typeof description === 'string'
    ? description
    : 'the authorization server refused and did not say why';
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

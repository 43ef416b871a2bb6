import { createHash, randomBytes } from 'node:crypto';

import { CookieBrowser, formFields } from './browser.ts';
import { REDIRECT } from './clients.ts';
import { FHIR, PASSWORD } from './gatehouse.ts';

export interface FlowOptions {
  readonly clientId?: string;
  readonly scope?: string;
  readonly username?: string;
  readonly browser?: CookieBrowser;
  /** Replaces parameters of the authorization request; `undefined` leaves one out. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** Changes what the consent form sends. */
  readonly consent?: (scopes: readonly string[]) => readonly string[];
  readonly patient?: string;
}

export const SCOPE = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs';

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(36).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function authorizeUrl(issuer: string, options: FlowOptions, challenge: string): string {
  const url = new URL('/authorize', issuer);
  const params = {
    response_type: 'code',
    client_id: options.clientId ?? 'public-app',
    redirect_uri: REDIRECT,
    scope: options.scope ?? SCOPE,
    state: 'state-1234567890',
    aud: FHIR,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...options.params,
  };
  for (const [name, value] of Object.entries(params)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

export interface Authorized {
  readonly code: string;
  readonly verifier: string;
  /** Where the browser ended: the app's redirect URI with its parameters. */
  readonly callback: URL;
}

/** Goes through the screens as a person would, from the authorization request to the app's redirect URI. */
export async function authorize(issuer: string, options: FlowOptions = {}): Promise<Authorized> {
  const browser = options.browser ?? new CookieBrowser();
  const { verifier, challenge } = pkce();
  let response = await browser.get(authorizeUrl(issuer, options, challenge));
  for (let hop = 0; hop < 15; hop += 1) {
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, issuer);
      if (next.origin !== issuer) {
        return { code: next.searchParams.get('code') ?? '', verifier, callback: next };
      }
      response = await browser.get(next.href);
      continue;
    }
    const html = await response.text();
    const refresh = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(html)?.[1];
    if (refresh !== undefined) {
      response = await browser.get(new URL(refresh.replaceAll('&amp;', '&'), issuer).href);
      continue;
    }
    if (!response.ok) throw new Error(`the page answered ${response.status}: ${textOf(html)}`);
    response = await browser.post(response.url, fill(formFields(html), options));
  }
  throw new Error('too many steps');
}

function fill(fields: Record<string, string[]>, options: FlowOptions): Record<string, string[]> {
  const step = fields['step']?.[0];
  if (step === 'login') return { ...fields, username: [options.username ?? 'amy'], password: [PASSWORD] };
  if (step === 'patient') return { ...fields, patient: [options.patient ?? ''] };
  const scope = fields['scope'] ?? [];
  return { ...fields, scope: [...(options.consent?.(scope) ?? scope)] };
}

export function textOf(html: string): string {
  return html
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { access_token: string; refresh_token: string; scope: string; error?: string };
}

export async function postForm(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
}

export function redeem(
  issuer: string,
  { code, verifier }: Pick<Authorized, 'code' | 'verifier'>,
  form: Record<string, string> = { client_id: 'public-app' },
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const usual = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
  return postForm(`${issuer}/token`, { ...usual, ...form }, headers);
}

export function refresh(issuer: string, token: string, form: Record<string, string> = {}): Promise<TokenAnswer> {
  return postForm(`${issuer}/token`, { grant_type: 'refresh_token', refresh_token: token, client_id: 'public-app', ...form });
}

import { createHash, randomBytes } from 'node:crypto';

import { CookieBrowser, formFields } from './browser.ts';
import { REDIRECT } from './clients.ts';
import { FHIR, PASSWORD } from './gatehouse.ts';

export interface FlowOptions {
  readonly clientId?: string;
  readonly scope?: string;
  readonly username?: string;
  readonly password?: string;
  readonly browser?: CookieBrowser;
  /** Replaces parameters of the authorization request; `undefined` leaves one out. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** Changes what the consent form sends. */
  readonly consent?: (scopes: readonly string[]) => readonly string[];
  /** How long the app may keep access; else what the screen has chosen. */
  readonly duration?: string;
  readonly patient?: string;
  readonly encounter?: string;
  /** What is typed where a second factor is asked for. */
  /** Why a clinician needs restricted records. */
  readonly why?: string;
  readonly code?: () => string;
  /** What an authenticator answers to the page. */
  readonly passkey?: (html: string) => unknown;
}

export const SCOPE =
  'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs';

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
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) url.searchParams.set(name, value);
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
  const { verifier, callback } = await walk(issuer, options);
  if (!callback) throw new Error('the way did not end at the app');
  return { code: callback.searchParams.get('code') ?? '', verifier, callback };
}

/** A page in front of a person. */
export interface Screen {
  readonly browser: CookieBrowser;
  readonly url: string;
  readonly status: number;
  readonly html: string;
  readonly fields: Record<string, string[]>;
  readonly verifier: string;
}

/** Goes through the screens up to the one of this step (`login`, `patient`, `encounter`, `consent`). */
export async function openScreen(issuer: string, step: string, options: FlowOptions = {}): Promise<Screen> {
  const { screen, verifier } = await walk(issuer, options, step);
  if (!screen) throw new Error(`there was no ${step} screen on the way`);
  return { ...screen, verifier };
}

/** Sends a screen's form and follows the way to the next page or to the app. */
export async function submit(issuer: string, screen: Screen, options: FlowOptions = {}): Promise<Arrival> {
  const { browser, url, fields } = screen;
  return arrive(issuer, browser, await browser.post(url, fill(fields, options)));
}

/** Where the browser is once no redirect takes it any further. */
export interface Arrival {
  /** The app's redirect URI with its parameters, when the browser left for it. */
  readonly callback?: URL;
  readonly response: Response;
  readonly html: string;
}

/** Follows redirects, and pages that lead on by themselves, until a page stays or the browser leaves for the app. */
export async function arrive(issuer: string, browser: CookieBrowser, first: Response): Promise<Arrival> {
  let response = first;
  for (let hop = 0; hop < 10; hop += 1) {
    const location = response.headers.get('location');
    const html = location === null ? await response.text() : '';
    const refresh = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
    const onward = location ?? refresh;
    if (onward === undefined) return { response, html };
    const next = new URL(onward, issuer);
    const back = next.searchParams.get('return_to');
    // An EHR is asked who is at the browser; this one answers for nobody.
    const isQuestion = next.origin !== issuer && back?.startsWith(`${issuer}/`);
    if (next.origin !== issuer && !isQuestion) return { callback: next, response, html };
    response = await browser.get(isQuestion ? `${back}?error=login_required` : next.href);
  }
  throw new Error('too many redirects');
}

async function walk(
  issuer: string,
  options: FlowOptions,
  until?: string,
): Promise<Ended & { verifier: string }> {
  const { verifier, challenge } = pkce();
  return { verifier, ...(await walkFrom(issuer, authorizeUrl(issuer, options, challenge), options, until)) };
}

/** As {@link authorize}, from an authorization request that somebody else built. */
export async function authorizeAt(issuer: string, url: string, options: FlowOptions = {}): Promise<URL> {
  const { callback } = await walkFrom(issuer, url, options);
  if (!callback) throw new Error('the way did not end at the app');
  return callback;
}

type Ended = Pick<Arrival, 'callback'> & { readonly screen?: Omit<Screen, 'verifier'> };

async function walkFrom(issuer: string, start: string, options: FlowOptions, until?: string): Promise<Ended> {
  const browser = options.browser ?? new CookieBrowser();
  let response = await browser.get(start);
  for (let page = 0; page < 8; page += 1) {
    const arrival = await arrive(issuer, browser, response);
    if (arrival.callback) return { callback: arrival.callback };
    const { html } = arrival;
    const { url, status, ok } = arrival.response;
    if (!ok) throw new Error(`the page answered ${status}: ${textOf(html)}`);
    const fields = formFields(html);
    if (fields['step']?.[0] === until) return { screen: { browser, url, status, html, fields } };
    const passkey = html.includes('data-passkey=') ? [JSON.stringify(options.passkey?.(html))] : undefined;
    response = await browser.post(url, fill(passkey ? { ...fields, passkey } : fields, options));
  }
  throw new Error('too many steps');
}

function fill(fields: Record<string, string[]>, options: FlowOptions): Record<string, string[]> {
  const step = fields['step']?.[0];
  if (step === 'login') {
    const { username = 'amy', password = PASSWORD } = options;
    return { ...fields, username: [username], password: [password] };
  }
  if (step === 'emergency') return { ...fields, why: [options.why ?? ''] };
  if (step === 'second') return { ...fields, code: [options.code?.() ?? ''] };
  if (step === 'patient') return { ...fields, patient: [options.patient ?? ''] };
  if (step === 'encounter') return { ...fields, encounter: [options.encounter ?? ''] };
  const scope = fields['scope'] ?? [];
  const duration = options.duration === undefined ? {} : { duration: [options.duration] };
  return { ...fields, ...duration, scope: [...(options.consent?.(scope) ?? scope)] };
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
  readonly body: Record<string, unknown> & {
    access_token: string;
    refresh_token: string;
    scope: string;
    error?: string;
  };
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

export function refresh(
  issuer: string,
  token: string,
  form: Record<string, string> = {},
): Promise<TokenAnswer> {
  return postForm(`${issuer}/token`, {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: 'public-app',
    ...form,
  });
}

import { decodeJwt } from 'jose';
import { generateSync } from 'otplib';

import { createAccountStore, createFactorStore, type Vault } from '../../src/store/index.ts';
import type { Authenticator } from './authenticator.ts';
import { formFields, type CookieBrowser } from './browser.ts';
import { arrive, authorizeUrl, pkce, redeem, textOf, type Authorized, type FlowOptions } from './flow.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** The code that the app shows now, or showed so many seconds ago. */
export function codeOf(secret = SECRET, secondsAgo = 0): string {
  return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) - secondsAgo });
}

export async function idOf(vault: Vault, username: string): Promise<string> {
  return (await createAccountStore(vault).findByUsername(username))?.accountId ?? '';
}

/** From now on this person has an app for codes, none of which was used; and no other factor. */
export async function giveTotp(vault: Vault, username: string): Promise<void> {
  const totp = { secret: SECRET, addedAt: 0, lastStep: 0 };
  await createFactorStore(vault).change(await idOf(vault, username), () => ({
    result: undefined,
    factors: { passkeys: [], totp },
  }));
}

export async function takeFactors(vault: Vault, username: string): Promise<void> {
  await createFactorStore(vault).remove(await idOf(vault, username));
}

/** Where an app finds this browser: the step of its page, or the error it is told. */
export async function stepAt(
  issuer: string,
  browser: CookieBrowser,
  options: FlowOptions = {},
): Promise<string> {
  const url = authorizeUrl(issuer, options, pkce().challenge);
  const { html, callback } = await arrive(issuer, browser, await browser.get(url));
  return callback?.searchParams.get('error') ?? formFields(html)['step']?.[0] ?? textOf(html);
}

/** What the app is told of how somebody signed in. */
export async function claimsOf(
  issuer: string,
  authorized: Authorized,
  form?: Record<string, string>,
): Promise<Record<string, unknown>> {
  const { body } = await redeem(issuer, authorized, form);
  return decodeJwt(String(body['id_token']));
}

/** What a page asks the browser's authenticator for. */
export function passkeyOptions(html: string): Parameters<Authenticator['create']>[0] & { rpId?: string } {
  const [, text = '{}'] = /data-options="([^"]*)"/.exec(html) ?? [];
  return JSON.parse(text.replaceAll('&quot;', '"').replaceAll('&amp;', '&')) as ReturnType<
    typeof passkeyOptions
  >;
}

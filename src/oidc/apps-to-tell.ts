import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import { sessionOf } from './online-access.ts';
import type { ProviderParts } from './parts.ts';

/**
 * Notes with a session that an app is about to learn who is signed in, so that it is told when that ends. Noted first and
 * looked at then: of a session that ends meanwhile the app is told, or it gets nothing.
 *
 * @returns `false`: the session has ended, and the app must not take its person for signed in
 */
export async function noteApp(
  { oidc, body }: KoaContextWithOIDC,
  { appsOfSessions, config, clock }: Pick<ProviderParts, 'appsOfSessions' | 'config' | 'clock'>,
): Promise<boolean> {
  const { client, entities, provider } = oidc;
  const code = entities.AuthorizationCode;
  const uid = code?.sessionUid;
  if (!client?.backchannelLogoutUri || !code || uid === undefined) return true;
  if (typeof (body as { readonly id_token?: unknown }).id_token !== 'string') return true;
  const { sid } = code as typeof code & { readonly sid?: string };
  const app = { clientId: client.clientId, ...(sid === undefined ? {} : { sid }) };
  await appsOfSessions.note(uid, app, clock() + config.tokens.sessionSeconds);
  return (await sessionOf(provider, code)) !== undefined;
}

/** Whoever ends a session has its apps told, on every way: see logout/. The provider would, on one way, and wait for them. */
export function leaveTellingToUs({ Client: clients }: Pick<Provider, 'Client'>): void {
  Object.defineProperty(clients.prototype, 'backchannelLogout', {
    configurable: true,
    value: () => Promise.resolve(),
  });
}

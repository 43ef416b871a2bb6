import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SignJWT, exportJWK, generateKeyPair, type JWK, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';

import { formFields, type CookieBrowser } from './browser.ts';
import { freePort } from './ports.ts';

export const IDP_SECRET = 'a-secret-that-the-hospital-gave-us';

/** Who sits in front of the provider, and what it says of them. */
export interface IdpPerson {
  readonly sub: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** Who signs in there next; `undefined`: they press cancel. */
  person: IdpPerson | undefined;
  /** Authorization requests as they came. */
  readonly asked: URLSearchParams[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Follows the way through the provider; where it leads to in the end. */
  walk(browser: CookieBrowser, url: string): Promise<URL>;
  /** A logout token as it would send one; claims given replace the usual ones. */
  logoutToken(claims: JWTPayload, header?: { readonly typ?: string }): Promise<string>;
  /** Signs this browser out there, which tells every app that asked to be told. */
  signOut(browser: CookieBrowser, url?: string): Promise<Response>;
}

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
interface IdpOptions {
  readonly id?: string;
  /** It says of people only when it is asked, and nothing in its id tokens. */
  readonly inUserinfo?: boolean;
  /** The public half of the key that Gatehouse shows who it is with, instead of a secret. */
  readonly clientKey?: JWK;
}

function keyed(key: JWK) {
  return {
    token_endpoint_auth_method: 'private_key_jwt' as const,
    token_endpoint_auth_signing_alg: 'ES256' as const,
    jwks: { keys: [key] },
  };
}

const PROFILE = ['name', 'preferred_username', 'groups', 'fhirUser', 'employee'];

/**
 * A hospital's own identity provider, which is a stock oidc-provider: its sign-in page takes whoever is there.
 */
export async function identityProviderFor(
  gatehouse: string,
  { id = 'hospital', inUserinfo = false, clientKey }: IdpOptions = {},
): Promise<IdentityProvider> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const people = new Map<string, IdpPerson>();
  const asked: URLSearchParams[] = [];
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = `${id}-key`;
  const ttl = 3600;
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }] },
    ttl: { Interaction: ttl, Grant: ttl, Session: ttl, AccessToken: ttl, IdToken: ttl },
    clients: [
      {
        client_id: 'gatehouse',
        ...(clientKey ? keyed(clientKey) : { client_secret: IDP_SECRET }),
        redirect_uris: [`${gatehouse}/sign-in/${id}/callback`],
        post_logout_redirect_uris: [`${gatehouse}/sign-in/${id}/signed-out`],
        backchannel_logout_uri: `${gatehouse}/sign-in/${id}/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    claims: {
      ...{ iss: null, sid: null },
      ...{ openid: ['sub', 'acr', 'amr', 'auth_time'], profile: PROFILE, email: ['email'] },
    },
    conformIdTokenClaims: inUserinfo,
    cookies: {
      keys: ['of-the-idp'],
      names: { session: `${id}-session`, interaction: `${id}-step`, resume: `${id}-resume` },
    },
    findAccount: (_ctx, sub) => {
      const person = people.get(sub);
      return person && { accountId: sub, claims: async () => ({ ...person.claims, sub }) };
    },
    loadExistingGrant: async (ctx) => {
      const accountId = ctx.oidc.session?.accountId ?? '';
      const grant = new ctx.oidc.provider.Grant({ clientId: 'gatehouse', accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, { uid }) => `/at/${uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
  });
  const idp: IdentityProvider = {
    issuer,
    person: undefined,
    asked,
    start: () => new Promise((resolve) => void server.listen(port, '127.0.0.1', resolve)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    async walk(browser, url) {
      let next = new URL(url);
      for (let hop = 0; hop < 8 && next.origin === issuer; hop += 1) {
        const answer = await browser.get(next.href);
        const location = answer.headers.get('location');
        if (location === null) throw new Error(`the provider stopped: ${await answer.text()}`);
        next = new URL(location, issuer);
      }
      return next;
    },
    logoutToken: (claims, header = {}) =>
      new SignJWT({ iss: issuer, aud: 'gatehouse', jti: crypto.randomUUID(), events: EVENTS, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'logout+jwt', ...header })
        .sign(privateKey),
    async signOut(browser, url = `${issuer}/session/end`) {
      const page = await (await browser.get(url)).text();
      return browser.post(`${issuer}/session/end/confirm`, { ...formFields(page), logout: ['yes'] });
    },
  };
  const handle = provider.callback();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', issuer);
    if (pathname === '/auth') asked.push(searchParams);
    if (pathname.startsWith('/at/')) void finish(request, response);
    else void handle(request, response);
  });
  async function finish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { person } = idp;
    if (person) people.set(person.sub, person);
    const login = { accountId: person?.sub ?? '', amr: ['pwd', 'otp', 'mfa'], acr: 'loa3' };
    const result = person ? { login } : { error: 'access_denied', error_description: 'cancelled' };
    await provider.interactionFinished(request, response, result);
  }
  await idp.start();
  return idp;
}

import * as oidc from 'openid-client';

import type { IdentityProviderConfig } from '../config/index.ts';
import type { Claims, Heard, RelyingParty } from '../upstream/index.ts';
import { createDiscovery, type Discovered } from './discovered.ts';
import { verifyLogoutToken } from './logout-token.ts';
import { problemOf } from './problem.ts';

interface Addresses {
  readonly callback: (provider: string) => string;
  /** Where the browser comes back to after signing out there. */
  readonly signedOut: (provider: string) => string;
}

/** Authorization code with PKCE, state and nonce; whatever can be checked of an answer, the library checks. */
export function createRelyingParty(addresses: Addresses): RelyingParty {
  const discovered = createDiscovery();
  return {
    async ask({ ...provider }, { prompt, maxAge, loginHint }, state) {
      const { client } = await discovered(provider);
      const [nonce, verifier] = [oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
      const url = oidc.buildAuthorizationUrl(client, {
        ...{ redirect_uri: addresses.callback(provider.id), scope: provider.scopes.join(' ') },
        ...{ state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier) },
        code_challenge_method: 'S256',
        ...(prompt === undefined ? {} : { prompt }),
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      });
      return { url: url.href, nonce, verifier };
    },
    async hear(provider, url, { nonce, verifier, state, maxAge }): Promise<Heard> {
      try {
        const found = await discovered(provider);
        const tokens = await oidc.authorizationCodeGrant(found.client, url, {
          ...{
            expectedNonce: nonce,
            expectedState: state,
            pkceCodeVerifier: verifier,
            idTokenExpected: true,
          },
          ...(maxAge === undefined ? {} : { maxAge }),
        });
        const claims = tokens.claims();
        if (!claims || tokens.id_token === undefined) throw new TypeError('there is no id token');
        const more = await asked(provider, found, claims, tokens.access_token);
        return { ok: true, idToken: tokens.id_token, claims: { ...more, ...claims } };
      } catch (error) {
        return { ok: false, ...problemOf(error) };
      }
    },
    async signOutUrl(provider, idToken) {
      const { client } = await discovered(provider);
      if (client.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(client, {
        id_token_hint: idToken,
        post_logout_redirect_uri: addresses.signedOut(provider.id),
      }).href;
    },
    async readLogoutToken(provider, token) {
      return verifyLogoutToken(provider, await discovered(provider), token);
    },
  };
}

/** What the id token leaves out, where the provider says more when it is asked. */
async function asked(
  { claims: names }: IdentityProviderConfig,
  { client }: Discovered,
  claims: Claims,
  accessToken: string,
): Promise<object> {
  const { username, name, fhirUser, role, identifier } = names;
  const wanted = [username, name, fhirUser, role?.claim, identifier?.claim];
  const isComplete = wanted.every((one) => one === undefined || one in claims);
  if (isComplete || client.serverMetadata().userinfo_endpoint === undefined) return {};
  return oidc.fetchUserInfo(client, accessToken, claims.sub);
}

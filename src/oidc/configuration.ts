import type { AccessToken, ClientCredentials, Configuration, KoaContextWithOIDC } from 'oidc-provider';

import { CLIENT_ALGORITHMS } from '../algorithms/index.ts';
import { ACR_VALUES } from '../identity/index.ts';
import { inSigningOrder } from '../keys/index.ts';
import { findAccount } from './accounts.ts';
import { assertSmartAssertion } from './assertions.ts';
import { extraParameters } from './authorization-request.ts';
import { EXTRA_CLIENT_METADATA } from './client-metadata.ts';
import { mayIntrospect } from './introspection.ts';
import { extraOfGrant } from './grant-words.ts';
import { rememberSession } from './online-access.ts';
import type { ProviderParts } from './parts.ts';
import { promptPolicy } from './prompts/index.ts';
import { defaultResource, resourceServerInfo } from './resources.ts';
import { mayRevoke } from './revocation.ts';
import { idleCheck } from './session-limits.ts';
import { OIDC_SCOPES } from './scope-policy.ts';
import { bindToUpstream } from './carried-sign-in.ts';

export const ROUTES = {
  authorization: '/authorize',
  token: '/token',
  jwks: '/jwks',
  introspection: '/introspect',
  revocation: '/revoke',
  end_session: '/logout',
} as const;

export const AUTH_METHODS = ['none', 'client_secret_basic', 'private_key_jwt'] as const;
const INTERACTION_SECONDS = 3600;
const CLOCK_TOLERANCE_SECONDS = 10;

/** Our configuration in oidc-provider's words. Whatever is on by default there and not built here is off. */
export function providerConfiguration(parts: ProviderParts): Configuration {
  const { config, signingKeys, clock } = parts;
  const endpoint = (path: string): string => config.issuer + path;
  const audiences = new Set([config.issuer, endpoint(ROUTES.token)]);
  return {
    adapter: parts.adapter,
    jwks: { keys: inSigningOrder(signingKeys).map(({ jwk }) => jwk) },
    routes: ROUTES,
    scopes: [...OIDC_SCOPES],
    discovery: {
      introspection_signing_alg_values_supported: ['RS256'],
      ui_locales_supported: [...config.languages.offered],
    },
    // With null: in every id token, whatever its scopes are.
    claims: {
      aud: null,
      exp: null,
      iat: null,
      openid: ['sub', 'auth_time', 'acr', 'amr'],
      fhirUser: ['fhirUser'],
      profile: ['name'],
    },
    acrValues: [...ACR_VALUES],
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: [...AUTH_METHODS],
    enabledJWA: {
      clientAuthSigningAlgValues: [...CLIENT_ALGORITHMS],
      idTokenSigningAlgValues: ['RS256'],
    },
    clientDefaults: { id_token_signed_response_alg: 'RS256', grant_types: ['authorization_code'] },
    extraClientMetadata: { properties: [...EXTRA_CLIENT_METADATA] },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: cookies(parts),
    extraParams: extraParameters(parts),
    interactions: {
      policy: promptPolicy(idleCheck(config, clock)),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    findAccount: findAccount(parts),
    loadExistingGrant,
    fetch: fetchNothing,
    assertJwtClientAuthClaimsAndHeader: assertSmartAssertion(clock, () => audiences, parts.unsureBefore),
    clientBasedCORS: (_ctx, origin, client) => client.allowed_origins?.includes(origin) ?? false,
    expiresWithSession: rememberSession,
    issueRefreshToken: async (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') &&
      (source.scopes.has('offline_access') || source.scopes.has('online_access')),
    rotateRefreshToken: true,
    revokeGrantPolicy: (ctx) => endsGrant(ctx, config.tokens.revokeAccessToken),
    extraTokenClaims: async (ctx, token) => tokenClaims(ctx, token, parts),
    renderError: (ctx, out, error) => {
      const status = 'status' in error && typeof error.status === 'number' ? error.status : 500;
      parts.pages.error(ctx, {
        code: out.error,
        ...(out.error_description === undefined ? {} : { description: out.error_description }),
        status,
      });
    },
    ttl: lifetimes(parts),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayIntrospect(parts)(client, token),
      },
      revocation: { enabled: true, allowedPolicy: mayRevoke },
      resourceIndicators: {
        enabled: true,
        defaultResource: defaultResource(parts),
        useGrantedResource: async () => true,
        getResourceServerInfo: resourceServerInfo(parts),
      },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) => {
          const secret = ctx.oidc.session?.state?.['secret'];
          const xsrf = typeof secret === 'string' ? secret : '';
          parts.pages.signOut(ctx, { action: endpoint(`${ROUTES.end_session}/confirm`), xsrf });
        },
        postLogoutSuccessSource: (ctx) => parts.pages.signedOut(ctx),
      },
    },
  };
}

/** What we fetch is fetched by our own hand and within our own limits: see client-keys-fetch.ts. */
async function fetchNothing(): Promise<never> {
  throw new TypeError('oidc-provider must fetch nothing by itself');
}

/** The cookie of a session, and what is said with it. */
export function cookieOptions(issuer: string) {
  const secure = issuer.startsWith('https:');
  const short = { httpOnly: true, sameSite: 'lax', secure, signed: true } as const;
  return { name: secure ? '__Host-gatehouse' : 'gatehouse', short, long: { ...short, path: '/' } };
}

function cookies({ config }: ProviderParts): NonNullable<Configuration['cookies']> {
  const { name: session, short, long } = cookieOptions(config.issuer);
  return {
    keys: config.secrets.cookies.map((key) => key.reveal()),
    names: short.secure
      ? { session, interaction: '__Secure-gatehouse-step', resume: '__Secure-gatehouse-resume' }
      : { session, interaction: 'gatehouse-step', resume: 'gatehouse-resume' },
    long,
    short,
  };
}

function lifetimes({ config, clock }: ProviderParts): NonNullable<Configuration['ttl']> {
  const { tokens } = config;
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? tokens.accessTokenSeconds,
    AuthorizationCode: tokens.codeSeconds,
    ClientCredentials: tokens.backendTokenSeconds,
    Grant: tokens.refreshTokenSeconds,
    IdToken: tokens.accessTokenSeconds,
    Interaction: INTERACTION_SECONDS,
    RefreshToken: (ctx) => {
      const { endsAt = Infinity } = ctx.oidc.entities.Grant?.smart ?? {};
      return Math.max(1, Math.min(tokens.refreshTokenSeconds, endsAt - clock()));
    },
    Session: tokens.sessionSeconds,
  };
}

/**
 * A grant for each launch, never one shared by all of a session: a second launch must not move the first one's tokens
 * to another patient. The request is then for what was granted, so that narrowed scopes survive letter-by-letter checks.
 */
async function loadExistingGrant(ctx: KoaContextWithOIDC) {
  bindToUpstream(ctx);
  const grantId = ctx.oidc.result?.consent?.grantId;
  if (grantId === undefined) return undefined;
  const grant = await ctx.oidc.provider.Grant.find(grantId);
  if (grant?.smart && ctx.oidc.params) ctx.oidc.params['scope'] = grant.smart.scope;
  return grant;
}

function endsGrant(ctx: KoaContextWithOIDC, setting: 'token' | 'grant'): boolean {
  return !ctx.oidc.entities.AccessToken || ctx.oidc.route !== 'revocation' || setting === 'grant';
}

/** What a resource server is told of a token beside its scopes. */
function tokenClaims(
  ctx: KoaContextWithOIDC | undefined,
  { kind, jti, ...token }: AccessToken | ClientCredentials,
  { config, grantRef }: ProviderParts,
): Record<string, never> {
  const ref = grantRef(kind, 'grantId' in token ? token.grantId : undefined, jti);
  return extraOfGrant(ctx?.oidc.entities.Grant?.smart, ref, config) as Record<string, never>;
}

import { errors, type Client, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';

import type { FhirServerConfig } from '../config/index.ts';
import { fhirServerOf, fhirServersFor } from './authorization-request.ts';
import { toProtocolError } from './errors.ts';
import { secondsOfSession } from './online-access.ts';
import type { ProviderParts } from './parts.ts';
import { backendScopes, checkScopeSize } from './scope-policy.ts';

type Parts = Pick<ProviderParts, 'config' | 'clock'>;

/** The FHIR server a request is for: `aud` when authorizing; for a backend service the first it may use (BSV-15). */
export function defaultResource(parts: Pick<Parts, 'config'>) {
  return async (
    ctx: KoaContextWithOIDC,
    client: Client,
    oneOf?: readonly string[],
  ): Promise<string | readonly string[]> => {
    if (oneOf) return oneOf;
    const { fhirServers } = parts.config;
    if (ctx.oidc.params?.['grant_type'] === 'client_credentials') {
      return fhirServersFor(fhirServers, client)[0]?.url ?? '';
    }
    const aud = ctx.oidc.params?.['aud'];
    if (typeof aud !== 'string') throw toProtocolError({ code: 'aud-missing' });
    const server = fhirServerOf(fhirServers, aud);
    if (!server) throw toProtocolError({ code: 'aud-unknown' });
    if (!fhirServersFor([server], client).includes(server))
      throw toProtocolError({ code: 'aud-not-registered' });
    return server.url;
  };
}

/**
 * The scopes the FHIR server knows, for this request: oidc-provider keeps what is on both lists, letter by letter. A
 * grant may hold scopes that were not asked for in these letters (a wildcard narrowed to types), so those are named too.
 */
export function resourceServerInfo(parts: Parts) {
  return async (ctx: KoaContextWithOIDC, resource: string, client: Client): Promise<ResourceServer> => {
    const server = fhirServerOf(fhirServersFor(parts.config.fhirServers, client), resource);
    if (!server) throw new errors.InvalidTarget('resource is not a FHIR server this client may use');
    const { accessTokenSeconds, backendTokenSeconds } = parts.config.tokens;
    const isBackend = ctx.oidc.params?.['grant_type'] === 'client_credentials';
    const now = parts.clock();
    const signedIn = isBackend ? undefined : await secondsOfSession(ctx, now);
    // Nothing outlives the time that its person chose.
    const chosen = (ctx.oidc.entities.Grant?.smart?.endsAt ?? Infinity) - now;
    return {
      ...tokenShape(server),
      scope: isBackend ? scopesForBackend(ctx, client) : await scopesOfRequestOrGrant(ctx),
      accessTokenTTL: isBackend
        ? backendTokenSeconds
        : Math.min(accessTokenSeconds, signedIn ?? Infinity, chosen),
    };
  };
}

/** Whom a token for this FHIR server is for, and what it looks like: a reference, or a signed JWT (RFC 9068). */
export function tokenShape({
  url,
  accessTokenFormat,
  accessTokenAlgorithm: alg,
}: FhirServerConfig): Pick<ResourceServer, 'audience' | 'accessTokenFormat' | 'jwt'> {
  return { audience: url, accessTokenFormat, jwt: { sign: { alg } } };
}

function scopesForBackend(ctx: KoaContextWithOIDC, client: Client): string {
  const { params } = ctx.oidc;
  const requested = params?.['scope'];
  if (!params || typeof requested !== 'string' || !requested)
    throw toProtocolError({ code: 'scope-missing' });
  checkScopeSize(requested);
  const { scope, dropped } = backendScopes(requested, client.smart_scope ?? '');
  if (!scope) throw toProtocolError({ code: 'nothing-to-grant', dropped });
  // What is granted may be narrower than what was asked; the response says what it is (BSV-12).
  params['scope'] = scope;
  return scope;
}

async function scopesOfRequestOrGrant(ctx: KoaContextWithOIDC): Promise<string> {
  const { entities, params, result, provider } = ctx.oidc;
  const source = entities.RefreshToken?.scopes ?? entities.AuthorizationCode?.scopes;
  if (source !== undefined) return [...source].join(' ');
  const requested = typeof params?.['scope'] === 'string' ? params['scope'] : '';
  const grantId = result?.consent?.grantId;
  const granted = grantId === undefined ? undefined : (await provider.Grant.find(grantId))?.smart?.scope;
  return granted ?? requested;
}

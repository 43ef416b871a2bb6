import type { KoaContextWithOIDC } from 'oidc-provider';

import type { FhirServerConfig } from '../config/index.ts';
import { checkLaunch } from '../launch/index.ts';
import { parseScopeList } from '../smart/index.ts';
import { toProtocolError } from './errors.ts';
import type { ProviderParts } from './parts.ts';
import { refusedResponseMode } from './query-responses.ts';
import { checkScopeSize, offerFor } from './scope-policy.ts';

/** Enough for every identity provider and app we know, and too little to fill a store with (A029, A037). */
const LIMITS: Readonly<Record<string, number>> = {
  ...{ state: 1024, nonce: 1024, launch: 256, aud: 2048, resource: 2048 },
  ...{ login_hint: 256, ui_locales: 256, display: 64, prompt: 64, acr_values: 256, claims_locales: 256 },
};

/** The configured FHIR server this URL names, a single trailing slash aside (AUTHZ-12). */
export function fhirServerOf(
  servers: readonly FhirServerConfig[],
  url: unknown,
): FhirServerConfig | undefined {
  return typeof url === 'string'
    ? servers.find((server) => server.url === url.replace(/\/$/, ''))
    : undefined;
}

/** The FHIR servers a client may use: those it was registered for, or all. */
export function fhirServersFor(
  servers: readonly FhirServerConfig[],
  client: { readonly fhir_servers?: readonly string[] | undefined } | undefined,
): FhirServerConfig[] {
  return servers.filter(({ id }) => client?.fhir_servers?.includes(id) ?? true);
}

export type RequestParts = Pick<ProviderParts, 'config' | 'launches' | 'clock'>;

type Validator = (ctx: KoaContextWithOIDC, value: string | undefined) => Promise<void>;

/**
 * SMART's own parameters: each is checked before a person is bothered. `scope` was stripped of `offline_access` by
 * then (OpenID would want prompt=consent for it); SMART apps do not send that, so it is put back (AUTHZ-20).
 */
export function extraParameters(parts: RequestParts): Record<'aud' | 'launch', Validator> {
  return {
    aud: async (ctx, aud) => {
      checkShape(ctx);
      if (aud === undefined) throw toProtocolError({ code: 'aud-missing' });
      const server = fhirServerOf(parts.config.fhirServers, aud);
      if (!server) throw toProtocolError({ code: 'aud-unknown' });
      const { resource } = ctx.oidc.params ?? {};
      if (resource !== undefined && fhirServerOf(parts.config.fhirServers, resource) !== server) {
        throw toProtocolError({ code: 'resource-differs' });
      }
      // A grant is for the server's own spelling of its address.
      if (resource !== undefined && ctx.oidc.params) ctx.oidc.params['resource'] = server.url;
    },
    launch: async (ctx, launch) => {
      restoreOfflineAccess(ctx);
      await checkLaunchParameter(ctx, launch, parts);
      checkScopes(ctx, launch !== undefined);
    },
  };
}

function checkShape(ctx: KoaContextWithOIDC): void {
  const params = ctx.oidc.params ?? {};
  if (!params['state']) throw toProtocolError({ code: 'state-missing' });
  if (refusedResponseMode(ctx) !== undefined) throw toProtocolError({ code: 'response-mode' });
  for (const [parameter, limit] of Object.entries(LIMITS)) {
    const value = params[parameter];
    if (typeof value === 'string' && value.length > limit) {
      throw toProtocolError({ code: 'too-long', parameter, limit });
    }
  }
  const { scope } = params;
  if (typeof scope === 'string') checkScopeSize(scope);
}

function restoreOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  const sent = ctx.query['scope'];
  if (!params || typeof sent !== 'string' || !sent.split(' ').includes('offline_access')) return;
  if (!client?.grantTypeAllowed('refresh_token')) return;
  const kept = typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
  params['scope'] = [...new Set([...kept, 'offline_access'])].join(' ');
}

async function checkLaunchParameter(
  ctx: KoaContextWithOIDC,
  launch: string | undefined,
  { launches, config, clock }: RequestParts,
): Promise<void> {
  const scope = ctx.oidc.params?.['scope'];
  const asked = parseScopeList(typeof scope === 'string' ? scope : '').scopes;
  const wantsLaunch = asked.some(({ text }) => text === 'launch');
  if (launch === undefined && wantsLaunch) throw toProtocolError({ code: 'launch-missing' });
  if (launch === undefined) return;
  if (!wantsLaunch) throw toProtocolError({ code: 'launch-scope-missing' });
  const server = fhirServerOf(config.fhirServers, ctx.oidc.params?.['aud']);
  const asking = { clientId: ctx.oidc.client?.clientId ?? '', fhirBaseUrl: server?.url ?? '' };
  const problem = checkLaunch(await launches.peek(launch), asking, clock);
  if (problem) throw toProtocolError({ code: 'launch', problem });
}

function checkScopes(ctx: KoaContextWithOIDC, hasLaunch: boolean): void {
  const { params, client } = ctx.oidc;
  const scope = params?.['scope'];
  if (typeof scope !== 'string' || !client) throw toProtocolError({ code: 'scope-missing' });
  const { granted, dropped } = offerFor(
    scope,
    {
      ...(client.smart_scope === undefined ? {} : { smart_scope: client.smart_scope }),
      mayRefresh: client.grantTypeAllowed('refresh_token'),
    },
    hasLaunch,
  );
  if (granted.length === 0) throw toProtocolError({ code: 'nothing-to-grant', dropped });
}

import { decideOffer, formatScopeList, type GrantDecision } from '../smart/index.ts';

/** The scopes oidc-provider itself knows; all others ride as scopes of the FHIR server. */
export const OIDC_SCOPES = ['openid', 'fhirUser', 'profile', 'offline_access', 'online_access'] as const;

/** What the flow makes of a request for scopes, before a person is asked. */
export function offerFor(
  requested: string,
  client: { readonly smart_scope?: string; readonly mayRefresh: boolean },
  hasLaunch: boolean,
): GrantDecision {
  return decideOffer(requested, {
    registered: client.smart_scope ?? '',
    flow: 'user',
    mayRefresh: client.mayRefresh,
    hasLaunch,
    hasFhirUser: true,
  });
}

/** What a backend service may have: `system/` scopes within its registration (BSV-04 … BSV-06). */
export function backendScopes(
  requested: string,
  registered: string,
): { scope: string; dropped: GrantDecision['dropped'] } {
  const { granted, dropped } = decideOffer(requested, {
    registered,
    flow: 'system',
    mayRefresh: false,
    hasLaunch: false,
    hasFhirUser: false,
  });
  return { scope: formatScopeList(granted), dropped };
}

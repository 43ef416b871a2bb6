import { decideOffer, formatScopeList, type GrantDecision } from '../smart/index.ts';
import { toProtocolError } from './errors.ts';

/** The scopes oidc-provider itself knows; all others ride as scopes of the FHIR server. */
export const OIDC_SCOPES = ['openid', 'fhirUser', 'profile', 'offline_access', 'online_access'] as const;

/** Enough for every app we know; a scope costs a look at all that the client is registered for (A037). */
const MAX_LENGTH = 4096;
const MAX_SCOPES = 100;

/** @throws invalid_scope when more is asked for in one request than anybody needs */
export function checkScopeSize(scope: string): void {
  if (scope.length > MAX_LENGTH || scope.split(' ').length > MAX_SCOPES)
    throw toProtocolError({ code: 'too-many-scopes', characters: MAX_LENGTH, scopes: MAX_SCOPES });
}

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

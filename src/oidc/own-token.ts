import type { Provider } from 'oidc-provider';

import { OWN_CLIENT_ID, type ClientRegistration } from '../clients/index.ts';
import type { Clock, EpochSeconds } from '../oauth/index.ts';

/** Gatehouse as a client of itself: for its own look-ups on the FHIR server. It can sign in nowhere. */
export const OWN_CLIENT: ClientRegistration = {
  client_id: OWN_CLIENT_ID,
  client_name: 'Gatehouse',
  redirect_uris: [],
  launch_uris: [],
  token_endpoint_auth_method: 'none',
  grant_types: [],
  scope: 'system/Patient.rs system/Encounter.rs',
  application_type: 'web',
  rights: [],
};

const RENEW_BEFORE_SECONDS = 30;

interface KeptToken {
  readonly text: string;
  readonly expiresAt: EpochSeconds;
}

/** Issues short tokens to ourselves for a FHIR server, and keeps each until shortly before it ends. */
export function createOwnTokens(provider: () => Provider, lifetimeSeconds: number, clock: Clock) {
  const kept = new Map<string, KeptToken>();
  /** @param renew the FHIR server did not take the one we have */
  return async (fhirBaseUrl: string, renew = false): Promise<string> => {
    const known = kept.get(fhirBaseUrl);
    if (!renew && known && known.expiresAt - RENEW_BEFORE_SECONDS > clock()) return known.text;
    const current = provider();
    const client = await current.Client.find(OWN_CLIENT.client_id);
    if (!client) throw new TypeError('our own client is not registered');
    const token = new current.ClientCredentials({ client, scope: OWN_CLIENT.scope });
    token.setAudience(fhirBaseUrl);
    const text = await token.save();
    kept.set(fhirBaseUrl, { text, expiresAt: clock() + lifetimeSeconds });
    return text;
  };
}

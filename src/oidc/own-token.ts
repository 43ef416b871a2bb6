import type { Provider } from 'oidc-provider';

import { OWN_CLIENT_ID, type ClientRegistration } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { Clock, EpochSeconds } from '../oauth/index.ts';
import { tokenShape } from './resources.ts';

/** For what the screens look up. */
const LOOK_UP_SCOPE = 'system/Patient.rs system/Encounter.rs system/Practitioner.rs';
/** Who belongs to whom: asked only where people may act for others. */
const RELATIONS_SCOPE = 'system/RelatedPerson.rs system/Person.rs';
/** For putting records of decisions on a FHIR server, and nothing else. */
export const RECORDS_SCOPE = 'system/Consent.cru system/Provenance.cu';
/** For the audit log, the same. */
export const AUDIT_SCOPE = 'system/AuditEvent.cu';

/** Gatehouse as a client of itself: for its own requests to the FHIR server. It can sign in nowhere. */
export const OWN_CLIENT: ClientRegistration = {
  client_id: OWN_CLIENT_ID,
  client_name: 'Gatehouse',
  redirect_uris: [],
  launch_uris: [],
  token_endpoint_auth_method: 'none',
  grant_types: [],
  scope: `${LOOK_UP_SCOPE} ${RELATIONS_SCOPE}`,
  application_type: 'web',
  rights: [],
  consent: 'always',
};

const RENEW_BEFORE_SECONDS = 30;

interface KeptToken {
  readonly text: string;
  readonly expiresAt: EpochSeconds;
}

/**
 * Issues short tokens to ourselves for a FHIR server, and keeps each until shortly before it ends.
 *
 * @param only another scope than that of what the screens look up there
 */
export function createOwnTokens(
  provider: () => Provider,
  { tokens, fhirServers }: Pick<Config, 'tokens' | 'fhirServers'>,
  clock: Clock,
  only?: string,
) {
  const kept = new Map<string, KeptToken>();
  /** @param renew the FHIR server did not take the one we have */
  return async (fhirBaseUrl: string, renew = false): Promise<string> => {
    const known = kept.get(fhirBaseUrl);
    if (!renew && known && known.expiresAt - RENEW_BEFORE_SECONDS > clock()) return known.text;
    const current = provider();
    const client = await current.Client.find(OWN_CLIENT.client_id);
    if (!client) throw new TypeError('our own client is not registered');
    const server = fhirServers.find(({ url }) => url === fhirBaseUrl);
    if (!server) throw new TypeError(`${fhirBaseUrl} is not one of our FHIR servers`);
    const lookUp = server.representatives ? `${LOOK_UP_SCOPE} ${RELATIONS_SCOPE}` : LOOK_UP_SCOPE;
    const scope = only ?? lookUp;
    const resourceServer = new current.ResourceServer(server.url, {
      ...tokenShape(server),
      scope,
      accessTokenTTL: tokens.backendTokenSeconds,
    });
    const text = await new current.ClientCredentials({ client, resourceServer, scope }).save();
    kept.set(fhirBaseUrl, { text, expiresAt: clock() + tokens.backendTokenSeconds });
    return text;
  };
}

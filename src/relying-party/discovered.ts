import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';

import { algorithmsFor, isFips } from '../algorithms/index.ts';
import type { IdentityProviderConfig } from '../config/index.ts';
import { clientAuthOf } from './client-auth.ts';

const TIMEOUT_SECONDS = 5;
/** What a provider says of itself is asked again after an hour. */
const KEPT_MS = 3600 * 1000;
export const TOLERANCE_SECONDS = 10;

/** A provider as it describes itself. */
export interface Discovered {
  readonly client: oidc.Configuration;
  /** Its keys, for what the library does not check. */
  readonly keys: JWTVerifyGetKey;
}

/**
 * Finds out about providers when they are first needed: one that is away keeps nobody from starting.
 *
 * @param algorithms what an id token may be signed with, whatever else a provider offers (SEC-6); default: as the process is
 */
export function createDiscovery(
  algorithms: readonly string[] = algorithmsFor(isFips()).providers,
): (provider: IdentityProviderConfig) => Promise<Discovered> {
  const known = new Map<string, { readonly found: Promise<Discovered>; readonly until: number }>();
  return (provider) => {
    const kept = known.get(provider.id);
    if (kept && kept.until > Date.now()) return kept.found;
    const found = discover(provider, algorithms);
    known.set(provider.id, { found, until: Date.now() + KEPT_MS });
    found.catch(() => known.delete(provider.id));
    return found;
  };
}

async function discover(
  provider: IdentityProviderConfig,
  algorithms: readonly string[],
): Promise<Discovered> {
  const issuer = new URL(provider.issuer);
  const auth = await clientAuthOf(provider);
  const how = [
    // The signature of an id token counts, though it came over TLS.
    oidc.enableNonRepudiationChecks,
    // The configuration takes plain http on localhost only.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- so marked to stand out, not to go away
    ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
  ];
  const options = { timeout: TIMEOUT_SECONDS, execute: how };
  const found = await oidc.discovery(issuer, provider.clientId, undefined, auth, options);
  // What JSON does not carry are functions of the library.
  const described = JSON.parse(JSON.stringify(found.serverMetadata())) as oidc.ServerMetadata;
  const { jwks_uri: keys, id_token_signing_alg_values_supported: offered = ['RS256'] } = described;
  if (keys === undefined) throw new TypeError('the provider publishes no keys');
  const taken = offered.filter((one) => algorithms.includes(one));
  const client = new oidc.Configuration(
    { ...described, id_token_signing_alg_values_supported: taken },
    provider.clientId,
    { [oidc.clockTolerance]: TOLERANCE_SECONDS },
    auth,
  );
  client.timeout = TIMEOUT_SECONDS;
  for (const extend of how) extend(client);
  return { client, keys: createRemoteJWKSet(new URL(keys), { timeoutDuration: TIMEOUT_SECONDS * 1000 }) };
}

import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';

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

/** Finds out about providers when they are first needed: one that is away keeps nobody from starting. */
export function createDiscovery(): (provider: IdentityProviderConfig) => Promise<Discovered> {
  const known = new Map<string, { readonly found: Promise<Discovered>; readonly until: number }>();
  return (provider) => {
    const kept = known.get(provider.id);
    if (kept && kept.until > Date.now()) return kept.found;
    const found = discover(provider);
    known.set(provider.id, { found, until: Date.now() + KEPT_MS });
    found.catch(() => known.delete(provider.id));
    return found;
  };
}

async function discover(provider: IdentityProviderConfig): Promise<Discovered> {
  const issuer = new URL(provider.issuer);
  const client = await oidc.discovery(
    issuer,
    provider.clientId,
    { [oidc.clockTolerance]: TOLERANCE_SECONDS },
    await clientAuthOf(provider),
    {
      timeout: TIMEOUT_SECONDS,
      execute: [
        // The signature of an id token counts, though it came over TLS.
        oidc.enableNonRepudiationChecks,
        // The configuration takes plain http on localhost only.
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- so marked to stand out, not to go away
        ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
      ],
    },
  );
  const { jwks_uri: keys } = client.serverMetadata();
  if (keys === undefined) throw new TypeError('the provider publishes no keys');
  return { client, keys: createRemoteJWKSet(new URL(keys), { timeoutDuration: TIMEOUT_SECONDS * 1000 }) };
}

import { Provider, type KoaContextWithOIDC } from 'oidc-provider';

import { secretMatches } from '../clients/index.ts';
import { leaveTellingToUs } from './apps-to-tell.ts';
import { awaitAuditRecords } from './audit-waits.ts';
import { acrOfSession, amrOfSession } from './carried-sign-in.ts';
import { useFetchedKeys } from './client-key-store.ts';
import { ROUTES, providerConfiguration } from './configuration.ts';
import { auditProviderEvents } from './events.ts';
import { preparedForms } from './forms.ts';
import { limitClients } from './limited.ts';
import { narrowByMeaning } from './narrowing.ts';
import type { ProviderParts } from './parts.ts';
import { keepInPayload } from './payload.ts';
import { noteProof } from './proof.ts';
import { queryResponses } from './query-responses.ts';
import { capSessions } from './session-cap.ts';
import { limitSessions } from './session-limits.ts';
import { guardSessionWrites } from './session-writes.ts';
import { tokenEndpoints } from './token-endpoints.ts';
import { writeTokenTexts } from './token-texts.ts';
import { carryUpstream, signOutUpstream } from './upstream-session.ts';

/**
 * Builds oidc-provider for SMART. Six of its defaults are unsafe here and are changed below or in the configuration:
 * single use that is not atomic, URLs and audiences taken from the Host header, one grant shared by launches, scopes
 * lost beside `openid`, secrets kept in clear, and keys of clients that stay valid after they were withdrawn. The version is pinned; each change has a test.
 */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.config.issuer, providerConfiguration(parts));
  provider.proxy = true;
  keepInPayload(provider.Grant, ['smart']);
  writeTokenTexts(provider, parts);
  narrowByMeaning(provider);
  guardSessionWrites(provider);
  limitSessions(provider, parts);
  carryUpstream(provider, parts);
  leaveTellingToUs(provider);
  useAssertionsOnce(provider, parts);
  pinAudiences(provider);
  compareHashedSecrets(provider);
  sayWhatWasAskedFor(provider);
  useFetchedKeys(provider, parts);
  auditProviderEvents(provider, parts);
  provider.use(awaitAuditRecords());
  provider.use(queryResponses(ROUTES.authorization));
  provider.use(signOutUpstream(parts));
  provider.use(capSessions(parts.capSessions));
  provider.use(limitClients(parts.limits));
  provider.use(tokenEndpoints(parts));
  provider.use(preparedForms(provider, parts));
  return provider;
}

/** The provider looks, then writes: all of twenty parallel replays pass. Ours is one write that one caller wins. */
function useAssertionsOnce(provider: Provider, { rememberAssertion }: ProviderParts): void {
  Object.defineProperty(provider.ReplayDetection, 'unique', {
    configurable: true,
    // The last thing the provider asks of an assertion: its signature is right.
    value: async (issuer: string, jti: string, expiresAt: number) =>
      noteProof(await rememberAssertion(issuer, jti, expiresAt)),
  });
}

/** Audiences come from the issuer, not from the Host header of the request. */
function pinAudiences(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'clientJwtAuthExpectedAudience', {
    configurable: true,
    value: () => new Set([provider.issuer, provider.urlFor('token')]),
  });
}

/** An app is told what it asked for where what was shown includes it; the session knows what was shown. */
function sayWhatWasAskedFor(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    configurable: true,
    get(this: KoaContextWithOIDC['oidc']) {
      const { session, params } = this;
      if (session?.accountId === undefined) return undefined;
      const asked = typeof params?.['acr_values'] === 'string' ? params['acr_values'].split(' ') : [];
      return acrOfSession(session, asked);
    },
  });
  Object.defineProperty(provider.OIDCContext.prototype, 'amr', {
    configurable: true,
    get(this: KoaContextWithOIDC['oidc']) {
      return this.session && amrOfSession(this.session);
    },
  });
}

function compareHashedSecrets(provider: Provider): void {
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    configurable: true,
    value(this: { clientSecret?: string }, sent: string) {
      return noteProof(secretMatches(this.clientSecret ?? '', sent));
    },
  });
}

import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';

import type { AuditRecorder } from './audit/index.ts';
import { secretMatches, type ClientRegistry } from './clients/index.ts';
import type { Ending, KeepEnding } from './compose-endings.ts';
import type { ComposedRecords } from './compose-records.ts';
import type { Config } from './config/index.ts';
import type { Representation } from './compose-representation.ts';
import { FhirUnavailable, type FhirDirectory } from './fhir/index.ts';
import { Overloaded, msLeft, referenceFor } from './http/index.ts';
import { errorWords, type Pages } from './interaction/index.ts';
import type { Outbox } from './identity/index.ts';
import { languageOf } from './language/index.ts';
import type { SigningKeySet } from './keys/index.ts';
import type { LogoutTeller } from './logout/index.ts';
import type { Counters, RequestLimits } from './limits/index.ts';
import type { Clock, GrantId } from './oauth/index.ts';
import type { createClientKeys } from './oidc/index.ts';
import {
  boundByGrant,
  createProvider,
  leftOfGrant,
  providerMetadata,
  saidOfTokens,
  scopesOfGrant,
  type CapSessions,
} from './oidc/index.ts';
import { leadToSignOut } from './sign-in/index.ts';
import {
  createAccountStore,
  createAppsOfSessions,
  createAssertionMemory,
  createGrantIndex,
  createLaunchStore,
  createProviderAdapter,
  createUpstreamSessions,
  disguiseJwt,
  grantIdOf,
  grantRefOf,
  isStoreUnavailable,
  newGrantId,
  newJwtId,
  newTokenText,
  runInRequestScope,
  type GrantWords,
  type RequestPurpose,
  type StoreKeys,
  type TokenKind,
  type Trust,
  type Vault,
} from './store/index.ts';
import type { RelyingParty } from './upstream/index.ts';

/** What the protocol engine and the endpoints in front of it share. */
export interface ProtocolParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly trust: Trust;
  readonly clients: ClientRegistry;
  readonly clientKeys: ReturnType<typeof createClientKeys>;
  readonly audit: AuditRecorder;
  readonly pages: Pages;
  readonly counters: Counters;
  readonly limits: RequestLimits;
  /** Absent: no mail is configured. */
  readonly outbox?: Outbox;
  readonly relyingParty: RelyingParty;
  readonly directory: (fhirBaseUrl: string) => FhirDirectory;
  readonly representation: Representation;
  readonly records: ComposedRecords;
  readonly keepEnding: KeepEnding;
  readonly logout: LogoutTeller;
}

/** Joins oidc-provider with store, clients and pages. Part of the composition root: see app.ts. */
export function buildProvider(
  {
    config,
    clock,
    vault,
    trust,
    clients,
    clientKeys,
    audit,
    pages,
    log,
    limits,
    relyingParty,
    representation,
    keepEnding,
    logout,
  }: ProtocolParts,
  signingKeys: SigningKeySet,
  capSessions: CapSessions,
): Provider {
  const { driver, keys } = vault;
  const accounts = createAccountStore(vault);
  /** Grants that end because their person may not act for the patient any more. */
  const withoutRight = new Set<GrantId>();
  const grantTtlSeconds = config.tokens.refreshTokenSeconds + config.tokens.accessTokenSeconds;
  const grants = createGrantIndex(driver, grantTtlSeconds);
  return createProvider({
    config,
    signingKeys,
    clients,
    clientKeys,
    audit,
    limits,
    clock,
    capSessions,
    newGrantId,
    disguiseJwt,
    secretMatches,
    referenceOf,
    launches: createLaunchStore(vault, trust.unsureBefore),
    unsureBefore: trust.unsureBefore,
    findAccount: (id) => accounts.find(id),
    mayStillAct: async (account, about) => {
      const mayAct = await representation.mayStillAct(account, about);
      if (!mayAct) withoutRight.add(about.grantId);
      return mayAct;
    },
    appsOfSessions: createAppsOfSessions(vault),
    upstreamSessions: createUpstreamSessions(vault),
    signOutUpstream: leadToSignOut({
      ...{ config, relyingParty, log },
      handOver: (ctx, provider, url) => pages.render(ctx, 'to-provider', { provider, url }),
    }),
    adapter: createProviderAdapter({
      vault,
      trust,
      words: grantWords(config, keys),
      msLeft,
      grants,
      onSessionEnd: logout.tell,
      grantTtlSeconds,
      onSignedOut: (grant) => void keepEnding(grant, { by: 'person', why: 'signed-out' }),
      findClient: async (id) => {
        const client = await clients.find(id);
        return client && !client.disabled ? providerMetadata(client.registration) : undefined;
      },
    }),
    tokenText: (kind, grantId = newGrantId(), generation = 0) =>
      newTokenText(keys, kind as TokenKind, grantId, generation),
    tokenHash: (text) => keys.keyedHash('token', text),
    jwtId: (kind, grantId = newGrantId()) => newJwtId(keys, kind as TokenKind, grantId),
    grantRef: (kind, grantId, text) => {
      const found = grantId ?? grantIdOf(keys, kind as TokenKind, text);
      return found === undefined ? undefined : grantRefOf(keys, found);
    },
    rememberAssertion: createAssertionMemory(vault, clock),
    requestUnitOfWork: (purpose, work) =>
      runInRequestScope(
        vault,
        {
          purpose,
          msLeft,
          deadTtlSeconds: grantTtlSeconds,
          graceSeconds: config.tokens.refreshGraceSeconds,
          onEnded: (grant, by) =>
            void keepEnding(grant, withoutRight.delete(grant.grantId) ? RIGHT_ENDED : ENDED_BY[by]),
        },
        (scope) => work((request, answer, intent) => scope.commit(request, answer, intent)),
      ),
    onServerError: (ctx, error) => {
      // The provider would call it a 500; whoever catches it next knows better.
      if (isStoreUnavailable(error)) throw error;
      if (error instanceof FhirUnavailable) throw new Overloaded('the FHIR server cannot be asked');
      log.error({ err: error, reference: referenceOf(ctx) }, 'a request failed');
    },
    pages: {
      error: (ctx, { status, code, description }) =>
        pages.error(ctx, {
          status,
          ...errorWords(status, languageOf(ctx)),
          code,
          ...(description === undefined ? {} : { description }),
        }),
      signOut: (ctx, form) => pages.signOut(ctx, form),
      signedOut: (ctx) => pages.signedOut(ctx),
    },
  });
}

/** Nothing ends a grant in a token request but a code or refresh token that came a second time. */
const RIGHT_ENDED: Ending = { by: 'system', why: 'right-ended' };
const ENDED_BY: Readonly<Record<RequestPurpose, Ending>> = {
  token: { by: 'system', why: 'token-reuse' },
  revocation: { by: 'system', why: 'given-back' },
  introspection: { by: 'system', why: 'token-reuse' },
};

/** What grants say, in the words of the protocol engine. */
export function grantWords(config: Pick<Config, 'fhirServers'>, keys: StoreKeys): GrantWords {
  return {
    bound: boundByGrant,
    left: leftOfGrant,
    ofGrant: (grant) => ({ ...scopesOfGrant(grant) }),
    ofToken: (kind, grantId, grant) =>
      saidOfTokens(kind, grantId, grant, (id) => grantRefOf(keys, id), config),
  };
}

/** Every page and line of one authorization carries the reference it began with. */
export function referenceOf(ctx: Pick<KoaContextWithOIDC, 'oidc' | 'state'>): string {
  const { Grant: grant, Interaction: interaction } = ctx.oidc.entities;
  if (grant?.smart) ctx.state['reference'] = grant.smart.reference;
  else if (interaction) return referenceFor(ctx, interaction.cid ?? interaction.uid);
  return referenceFor(ctx);
}

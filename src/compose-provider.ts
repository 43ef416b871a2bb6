import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';

import type { AuditRecorder } from './audit/index.ts';
import { secretMatches, type ClientRegistry } from './clients/index.ts';
import type { Config } from './config/index.ts';
import { msLeft, referenceFor } from './http/index.ts';
import { errorWords, type Pages } from './interaction/index.ts';
import type { Outbox } from './identity/index.ts';
import { languageOf } from './language/index.ts';
import type { SigningKeySet } from './keys/index.ts';
import type { LogoutTeller } from './logout/index.ts';
import type { Counters, RequestLimits } from './limits/index.ts';
import type { Clock } from './oauth/index.ts';
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
    logout,
  }: ProtocolParts,
  signingKeys: SigningKeySet,
  capSessions: CapSessions,
): Provider {
  const { driver, keys } = vault;
  const accounts = createAccountStore(vault);
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
      findClient: async (id) => {
        const client = await clients.find(id);
        return client && !client.disabled ? providerMetadata(client.registration) : undefined;
      },
    }),
    tokenText: (kind, grantId = newGrantId(), generation = 0) =>
      newTokenText(keys, kind as TokenKind, grantId, generation),
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
        },
        (scope) => work((request, answer) => scope.commit(request, answer)),
      ),
    onServerError: (ctx, error) => {
      // The provider would call it a 500; whoever catches it next knows better.
      if (isStoreUnavailable(error)) throw error;
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

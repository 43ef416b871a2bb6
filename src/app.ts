import Koa, { type Context } from 'koa';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';

import { counting, createAuditRecorder, type AuditRecorder, type AuditSink } from './audit/index.ts';
import { createClientRegistry, secretMatches, type ClientRegistry } from './clients/index.ts';
import type { Config } from './config/index.ts';
import { createFhirDirectory } from './fhir/index.ts';
import {
  answerErrors,
  appendReference,
  createListener,
  createManagementApp,
  createMetrics,
  logRequests,
  nameRequests,
  noStore,
  pinOrigin,
  postOnly,
  referenceFor,
  sameSiteForms,
  securityHeaders,
  serveAssets,
  type HealthCheck,
  type Metrics,
} from './http/index.ts';
import {
  createPages,
  errorWords,
  interactionRoutes,
  type Pages,
  type Progress,
} from './interaction/index.ts';
import { createRequestLimits, type Counters, type RequestLimits } from './limits/index.ts';
import { checkKeys, type SigningKeySet } from './keys/index.ts';
import { systemClock, type Clock } from './oauth/index.ts';
import {
  OWN_CLIENT,
  answerPreflights,
  createClientKeys,
  createEngine,
  createOwnTokens,
  createProvider,
  createRotatingProvider,
  discoveryRoutes,
  mountEndpoints,
  providerMetadata,
  styleDocument,
  type ClientKeysParts,
  type RotatingProvider,
} from './oidc/index.ts';
import {
  createAccountStore,
  createAssertionMemory,
  createClientStore,
  createCounters,
  createGrantIndex,
  createLaunchStore,
  createPostedRequestStore,
  createProgressStore,
  createProviderAdapter,
  createSigningKeyStore,
  createStoreKeys,
  createVault,
  disguiseJwt,
  isStoreUnavailable,
  newGrantId,
  newJwtId,
  newTokenText,
  runInRequestScope,
  type StoreDriver,
  type TokenKind,
  type Vault,
} from './store/index.ts';

export interface GatehouseOptions {
  readonly config: Config;
  readonly driver: StoreDriver;
  readonly log: Logger;
  readonly auditSinks: readonly AuditSink[];
  readonly viewsDir: string;
  /** What else must be well for us to be ready. */
  readonly checks?: readonly HealthCheck[];
  readonly clock?: Clock;
  /** For tests: another clock and resolver for clients' key sets. */
  readonly clientKeys?: Partial<Pick<ClientKeysParts, 'clock' | 'lookup'>>;
}

export interface Gatehouse {
  /** Starts listening on both ports. */
  listen(): Promise<{ readonly port: number; readonly managementPort: number }>;
  /** Stops: not ready at once, then no new connections, then what is under way ends (25 s at most). */
  close(): Promise<void>;
}

/** Builds and connects every part. The one place where store, protocol engine, screens and HTTP meet. */
export async function createGatehouse(options: GatehouseOptions): Promise<Gatehouse> {
  const { config, driver, log, clock = systemClock } = options;
  const metrics = createMetrics();
  const audit = countedAudit(options, metrics);
  const vault = createVault(driver, createStoreKeys(Buffer.from(config.secrets.store.reveal())));
  const clients = createClientRegistry([...config.clients, OWN_CLIENT], createClientStore(vault));
  const { router: assets, stylesheet } = serveAssets(options.viewsDir);
  const pages = createPages(options.viewsDir, config.name, stylesheet);
  const clientKeys = createClientKeys({ config, log, clock, ...options.clientKeys });
  const counters = createCounters(vault);
  const limits = createRequestLimits({
    limits: config.limits,
    counters,
    onFailure: (error) => log.debug({ err: error }, 'a request could not be counted'),
    onRefused: metrics.countLimited,
    onReached: (limit, whose) =>
      log.warn({ limit, whose }, 'a limit was used up; more is refused for a while'),
  });
  const protocol = { config, log, clock, vault, clients, clientKeys, audit, pages, counters, limits };
  const keyStore = createSigningKeyStore(vault);
  const engine = await createRotatingProvider({
    clock,
    keyStore,
    build: (keys) => buildProvider(protocol, keys),
    onRotated: (version) => log.info({ version }, 'signing keys were rotated'),
    onFailure: (error) => log.warn({ err: error }, 'the signing keys could not be checked'),
  });
  let started = false;
  let draining = false;
  const checks = [
    { name: 'store', check: () => driver.ping() },
    { name: 'keys', check: () => checkKeys(keyStore) },
    ...(options.checks ?? []),
  ];
  const open = createListener(createPublicApp({ ...protocol, metrics, engine, assets }), config.listen.tls);
  const management = createListener(createManagementApp(checks, metrics, () => draining));
  return {
    async listen() {
      const port = await open.listen(config.listen);
      const managementPort = await management.listen(config.management);
      started = true;
      const { issuer } = config;
      await audit.record({ type: 'server.start', outcome: 'success', store: driver.name, issuer });
      return { port, managementPort };
    },
    async close() {
      draining = true;
      engine.stop();
      await open.close();
      if (started) await audit.record({ type: 'server.stop', outcome: 'success' });
      await management.close();
      await audit.close();
      await driver.close();
    },
  };
}

function countedAudit({ auditSinks, log }: GatehouseOptions, metrics: Metrics): AuditRecorder {
  const recorder = createAuditRecorder(auditSinks, Date.now, (sink, error) =>
    log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  return counting(recorder, ({ type, outcome }) => metrics.countEvent(type, outcome));
}

interface ProtocolParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly clients: ClientRegistry;
  readonly clientKeys: ReturnType<typeof createClientKeys>;
  readonly audit: AuditRecorder;
  readonly pages: Pages;
  readonly counters: Counters;
  readonly limits: RequestLimits;
}

function buildProvider(
  { config, clock, vault, clients, clientKeys, audit, pages, log, limits }: ProtocolParts,
  signingKeys: SigningKeySet,
): Provider {
  const { driver, keys } = vault;
  const accounts = createAccountStore(vault);
  const grantTtlSeconds = config.tokens.refreshTokenSeconds + config.tokens.accessTokenSeconds;
  return createProvider({
    config,
    signingKeys,
    clients,
    clientKeys,
    audit,
    limits,
    clock,
    newGrantId,
    disguiseJwt,
    secretMatches,
    referenceOf,
    launches: createLaunchStore(vault),
    findAccount: (id) => accounts.find(id),
    adapter: createProviderAdapter({
      vault,
      grants: createGrantIndex(driver, grantTtlSeconds),
      grantTtlSeconds,
      findClient: async (id) => {
        const client = await clients.find(id);
        return client && !client.disabled ? providerMetadata(client.registration) : undefined;
      },
    }),
    tokenText: (kind, grantId = newGrantId(), generation = 0) =>
      newTokenText(keys, kind as TokenKind, grantId, generation),
    jwtId: (kind, grantId = newGrantId()) => newJwtId(keys, kind as TokenKind, grantId),
    rememberAssertion: createAssertionMemory(vault, clock),
    requestUnitOfWork: (mayRepeat, work) =>
      runInRequestScope(
        vault,
        { mayRepeat, deadTtlSeconds: grantTtlSeconds, graceSeconds: config.tokens.refreshGraceSeconds },
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
          ...errorWords(status),
          code,
          ...(description === undefined ? {} : { description }),
        }),
      signOut: (ctx, form) => pages.signOut(ctx, form),
      signedOut: (ctx) => pages.signedOut(ctx),
    },
  });
}

/** Every page and line of one authorization carries the reference it began with. */
function referenceOf(ctx: Pick<KoaContextWithOIDC, 'oidc' | 'state'>): string {
  const { Grant: grant, Interaction: interaction } = ctx.oidc.entities;
  if (grant?.smart) ctx.state['reference'] = grant.smart.reference;
  else if (interaction) return referenceFor(ctx, interaction.cid ?? interaction.uid);
  return referenceFor(ctx);
}

interface PublicAppParts extends ProtocolParts {
  readonly metrics: Metrics;
  readonly engine: RotatingProvider;
  readonly assets: ReturnType<typeof serveAssets>['router'];
}

function createPublicApp(parts: PublicAppParts): Koa {
  const { config, log, clock, vault, clients, audit, pages, metrics, engine, assets } = parts;
  const app = new Koa({
    proxy: true,
    maxIpsCount: 1,
    keys: config.secrets.cookies.map((one) => one.reveal()),
  });
  app.on('error', (error: unknown) => log.error({ err: error }, 'a response failed'));
  const accounts = createAccountStore(vault);
  const launches = createLaunchStore(vault);
  const ownToken = createOwnTokens(engine.current, config, clock);
  const style = styleDocument(config.issuer);
  const launchHash = (launch: string): string => vault.keys.keyedHash('launch', launch);

  app.use(nameRequests());
  app.use(logRequests(log, metrics.observeRequest));
  app.use(
    answerErrors(
      (ctx, { status, code, description }) =>
        pages.error(ctx, { status, ...errorWords(status), code, description }),
      (ctx, error) => log.error({ err: error, reference: referenceFor(ctx) }, 'a request failed'),
      isStoreUnavailable,
    ),
  );
  app.use(securityHeaders(config.issuer));
  app.use(pinOrigin(config.issuer, config.trustProxy));
  app.use(noStore((path) => POST_ONLY.has(path)));
  app.use(postOnly(POST_ONLY));
  app.use(assets.routes());
  app.use(style.router.routes());
  app.use(discoveryRoutes(config).routes());
  app.use(answerPreflights(clients));
  app.use(
    appendReference((ctx) =>
      'oidc' in ctx ? referenceOf(ctx as unknown as KoaContextWithOIDC) : referenceFor(ctx),
    ),
  );
  mountEndpoints(app, {
    config,
    clients,
    launches,
    launchHash,
    audit,
    limits: parts.limits,
    clock,
    provider: engine.current,
    signingKeys: engine.signingKeys,
    posted: createPostedRequestStore(vault),
    findAccount: (id) => accounts.find(id),
  });
  app.use(sameSiteForms(config.issuer, '/interaction/'));
  app.use(
    interactionRoutes({
      config,
      clients,
      launches,
      pages,
      audit,
      log,
      clock,
      engine: createEngine(engine.current, clock, audit),
      progress: createProgressStore<Progress>(vault),
      counters: parts.counters,
      accounts,
      directory: (fhirBaseUrl) => createFhirDirectory(fhirBaseUrl, (renew) => ownToken(fhirBaseUrl, renew)),
      smartStyleUrl: style.url,
      launchHash,
      usernameHash: (username) => vault.keys.keyedHash('login', username),
      referenceFor: (ctx: Context, authorization) => referenceFor(ctx, authorization),
    }).routes(),
  );
  app.use(engine.middleware);
  return app;
}

const POST_ONLY: ReadonlySet<string> = new Set(['/token', '/introspect', '/revoke', '/launches']);

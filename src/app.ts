import Koa, { type Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';

import {
  counting,
  createAuditRecorder,
  createTally,
  type AuditRecorder,
  type AuditSink,
  type Tally,
} from './audit/index.ts';
import { createClientRegistry, rememberClients, type ClientMemory } from './clients/index.ts';
import { buildProvider, referenceOf, type ProtocolParts } from './compose-provider.ts';
import { storeSecrets, type Config } from './config/index.ts';
import { createFhirDirectory } from './fhir/index.ts';
import {
  answerErrors,
  appendReference,
  createListener,
  createManagementApp,
  createMetrics,
  healthOf,
  knownPaths,
  jsonOnly,
  logRequests,
  nameRequests,
  noStore,
  pinOrigin,
  postOnly,
  referenceFor,
  sameSiteForms,
  securityHeaders,
  serveAssets,
  shedLoad,
  watchOverload,
  withDeadline,
  type Health,
  type HealthCheck,
  type Metrics,
  type OverloadWatch,
} from './http/index.ts';
import { createPages, errorWords, interactionRoutes, type Progress } from './interaction/index.ts';
import { createTeller, type Teller, type TokenReader } from './introspection/index.ts';
import { checkKeys } from './keys/index.ts';
import { createRequestLimits } from './limits/index.ts';
import { createRevocationFeed, type RevocationFeed } from './revocations/index.ts';
import { systemClock, type Clock } from './oauth/index.ts';
import {
  OWN_CLIENT,
  SERVED_PATHS,
  answerPreflights,
  createClientKeys,
  createEngine,
  createOwnTokens,
  createRotatingProvider,
  discoveryRoutes,
  failIntrospection,
  introspectAtOnce,
  mountEndpoints,
  styleDocument,
  type ClientKeysParts,
  type RotatingProvider,
} from './oidc/index.ts';
import {
  allTakenBack,
  createAccountStore,
  createClientStore,
  createCounters,
  createLaunchStore,
  createPostedRequestStore,
  createProgressStore,
  createSigningKeyStore,
  createTokenReader,
  createVault,
  grantOfTombstone,
  grantRefOf,
  guardEpoch,
  isStoreUnavailable,
  key,
  openKeyRing,
  remembersReads,
  withPageRequest,
  type GuardedStore,
  type StoreDriver,
  type StoreKeys,
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
  /** Starts listening on both ports, or, as one of several workers, on the public one alone: then `managementPort` is 0. */
  listen(asWorker?: boolean): Promise<{ readonly port: number; readonly managementPort: number }>;
  /** What `/health/ready` says. */
  health(): Promise<Health>;
  /** Stops: not ready at once, then no new connections, then what is under way ends (25 s at most). */
  close(): Promise<void>;
}

/** Builds and connects every part. The one place where store, protocol engine, screens and HTTP meet. */
export async function createGatehouse(options: GatehouseOptions): Promise<Gatehouse> {
  const { config, log, clock = systemClock } = options;
  const ring = await openKeyRing(options.driver, storeSecrets(config));
  const store = await guardEpoch(options.driver, ring.keys, {
    ring,
    pinned: config.store.epoch,
    onUnsure: (description) => log.error(description),
    onChange: (isKnown, description) => (isKnown ? log.warn(description) : log.error(description)),
  });
  const feed = feedOf(store, ring.keys);
  const driver = remembersReads(store.driver);
  const metrics = createMetrics();
  const audit = countedAudit(options, metrics);
  const vault = createVault(driver, ring.keys, (name) => {
    log.error({ key: name }, 'ALARM: a value in the store was edited or moved; it is not used');
    void audit.record({ type: 'store.seal-broken', outcome: 'failure', key: name });
  });
  const clients = createClientRegistry([...config.clients, OWN_CLIENT], createClientStore(vault));
  const remembered = rememberClients(clients, store.revision);
  const tokens = createTokenReader({
    vault,
    trust: store.trust,
    cacheBytes: config.introspection.cacheMegabytes * 1024 * 1024,
  });
  const tell = createTeller({ tokens, clients: remembered, fhirServers: config.fhirServers });
  const tally = createTally(audit);
  metrics.watchFeed(() => ({
    followers: feed.followers,
    ageMs: Math.min(performance.now() - feed.completeTo(), NEVER_MS),
  }));
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
  const { trust } = store;
  const protocol = { config, log, clock, vault, trust, clients, clientKeys, audit, pages, counters, limits };
  const keyStore = createSigningKeyStore(vault);
  const engine = await createRotatingProvider({
    clock,
    keyStore,
    build: (keys) => buildProvider(protocol, keys),
    onRotated: (version) => {
      log.info({ version }, 'signing keys were rotated');
      feed.resync();
    },
    onFailure: (error) => log.warn({ err: error }, 'the signing keys could not be checked'),
  });
  const overload = watchOverload();
  let started = false;
  let draining = false;
  const checks = [
    { name: 'store', check: () => store.check() },
    { name: 'keys', check: () => checkKeys(keyStore) },
    ...(options.checks ?? []),
  ];
  const open = createListener(
    createPublicApp({
      ...protocol,
      metrics,
      engine,
      overload,
      assets,
      remembered,
      tokens,
      tell,
      tally,
      feed,
    }),
    config.listen.tls,
  );
  const health = (): Promise<Health> => healthOf(checks, () => draining);
  const management = createListener(createManagementApp(health, metrics));
  return {
    health,
    async listen(asWorker = false) {
      const port = await open.listen(config.listen);
      const managementPort = asWorker ? 0 : await management.listen(config.management);
      started = true;
      const { issuer } = config;
      await audit.record({ type: 'server.start', outcome: 'success', store: driver.name, issuer });
      return { port, managementPort };
    },
    async close() {
      draining = true;
      engine.stop();
      overload.stop();
      feed.stop();
      await open.close();
      await allTakenBack(driver, UNDO_MS);
      store.stop();
      await tally.flush();
      if (started) await audit.record({ type: 'server.stop', outcome: 'success' });
      await management.close();
      await audit.close();
      await driver.close();
    },
  };
}

/** What ended in the store, in the names that resource servers know it by. */
function feedOf({ driver, revision, trust, check }: GuardedStore, keys: StoreKeys): RevocationFeed {
  return createRevocationFeed({
    watch: (hears) => driver.watch(hears),
    revision() {
      const current = revision();
      return current === undefined ? undefined : `${current} ${trust.unsureBefore()}`;
    },
    meaningOf(name) {
      if (name === key.changes) return 'memory';
      const grantId = grantOfTombstone(name);
      return grantId === undefined ? undefined : { ref: grantRefOf(keys, grantId) };
    },
    async refresh() {
      // A look that is under way may have begun before the change; the next one has not.
      await check();
      await check();
    },
  });
}

function countedAudit({ auditSinks, log }: GatehouseOptions, metrics: Metrics): AuditRecorder {
  const recorder = createAuditRecorder(auditSinks, Date.now, (sink, error) =>
    log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  return counting(recorder, (event) =>
    metrics.countEvent(event.type, event.outcome, 'count' in event ? event.count : 1),
  );
}

interface PublicAppParts extends ProtocolParts {
  readonly metrics: Metrics;
  readonly engine: RotatingProvider;
  readonly overload: OverloadWatch;
  readonly assets: ReturnType<typeof serveAssets>['router'];
  readonly remembered: ClientMemory;
  readonly tokens: TokenReader;
  readonly tell: Teller;
  readonly tally: Tally;
  readonly feed: RevocationFeed;
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
  const launches = createLaunchStore(vault, parts.trust.unsureBefore);
  const ownToken = createOwnTokens(engine.current, config, clock);
  const style = styleDocument(config.issuer);
  const launchHash = (launch: string): string => vault.keys.keyedHash('launch', launch);
  const discovery = discoveryRoutes(config, style);
  const screens = interactionRoutes({
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
    formSecret: (uid) => vault.keys.keyedHash('form', uid),
    usernameHash: (username) => vault.keys.keyedHash('login', username),
    referenceFor: (ctx: Context, authorization) => referenceFor(ctx, authorization),
  });

  app.use(
    introspectAtOnce({
      config,
      clients: parts.remembered,
      tell: parts.tell,
      limits: parts.limits,
      tally: parts.tally,
      observe: metrics.observeIntrospection,
    }),
  );
  app.use(nameRequests());
  app.use(jsonOnly(PROGRAM_PATHS));
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
  app.use(knownPaths([...SERVED_PATHS, ...[assets, style.router, discovery, screens].flatMap(pathsOf)]));
  app.use(shedLoad(parts.overload, metrics.countShed));
  app.use(withDeadline());
  // What it writes in the end may fail, too.
  app.use((ctx, next) => (DIRECT_PATHS.has(ctx.path) ? next() : withPageRequest(next)));
  app.use(pinOrigin(config.issuer, config.trustProxy));
  app.use(noStore((path) => PROGRAM_PATHS.has(path)));
  app.use(postOnly(POST_PATHS));
  app.use(failIntrospection());
  app.use(assets.routes());
  app.use(style.router.routes());
  app.use(discovery.routes());
  app.use(answerPreflights(clients));
  app.use(
    appendReference((ctx) =>
      'oidc' in ctx ? referenceOf(ctx as unknown as KoaContextWithOIDC) : referenceFor(ctx),
    ),
  );
  mountEndpoints(app, {
    config,
    clients,
    remembered: parts.remembered,
    tokens: parts.tokens,
    tell: parts.tell,
    tally: parts.tally,
    feed: parts.feed,
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
  app.use(screens.routes());
  app.use(engine.middleware);
  return app;
}

function pathsOf({ stack }: Pick<ReturnType<typeof discoveryRoutes>, 'stack'>): string[] {
  return stack.map(({ path }) => String(path));
}

/** An hour: what the feed's age is while nothing is known. */
const NEVER_MS = 3_600_000;
/** Somebody waits for us to stop; what is still to be taken back by then stays for whoever shows it again. */
const UNDO_MS = 2000;
/** Their writes are not those of a page. */
const DIRECT_PATHS: ReadonlySet<string> = new Set(['/token', '/introspect', '/revoke', '/revocations']);
const POST_PATHS: ReadonlySet<string> = new Set(['/token', '/introspect', '/revoke', '/launches']);
const PROGRAM_PATHS: ReadonlySet<string> = new Set([...DIRECT_PATHS, ...POST_PATHS]);

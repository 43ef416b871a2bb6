import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import compose from 'koa-compose';
import Koa, { type Context, type Middleware } from 'koa';
import { createHttpTerminator } from 'http-terminator';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';

import { createAuditRecorder, type AuditRecorder, type AuditSink } from './audit/index.ts';
import { createClientRegistry, secretMatches, type ClientRegistry } from './clients/index.ts';
import type { Config } from './config/index.ts';
import { createFhirDirectory } from './fhir/index.ts';
import {
  answerErrors,
  answerHealth,
  appendReference,
  createMetrics,
  logRequests,
  nameRequests,
  noStore,
  pinOrigin,
  referenceFor,
  sameSiteForms,
  securityHeaders,
  serveAssets,
  type Metrics,
} from './http/index.ts';
import { createPages, interactionRoutes, type Pages, type Progress } from './interaction/index.ts';
import { loadOrCreateKeys, type SigningKeySet } from './keys/index.ts';
import { systemClock, type Clock } from './oauth/index.ts';
import {
  OWN_CLIENT,
  createEngine,
  createOwnTokens,
  createProvider,
  discoveryRoutes,
  launchEndpoint,
  providerMetadata,
  styleDocument,
} from './oidc/index.ts';
import {
  StoreUnavailable,
  createAccountStore,
  createClientStore,
  createGrantIndex,
  createLaunchStore,
  createProgressStore,
  createProviderAdapter,
  createSigningKeyStore,
  createStoreKeys,
  createVault,
  key,
  newGrantId,
  newTokenText,
  runInRequestScope,
  type StoreDriver,
  type TokenKind,
  type Vault,
} from './store/index.ts';

const KEY_WATCH_MS = 1000;
const DRAIN_MS = 25_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface GatehouseOptions {
  readonly config: Config;
  readonly driver: StoreDriver;
  readonly log: Logger;
  readonly auditSinks: readonly AuditSink[];
  readonly viewsDir: string;
  readonly clock?: Clock;
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
  const engine = await createProtocol({ config, log, clock, vault, clients, audit, pages });

  const app = createPublicApp({ ...options, clock, vault, clients, audit, pages, metrics, engine, assets });
  let draining = false;
  const management = createManagementApp(driver, () => engine.current().issuer, metrics, () => draining);
  const servers = [httpServer(app), httpServer(management)] as const;
  const terminators = servers.map((server) =>
    createHttpTerminator({ server, gracefulTerminationTimeout: DRAIN_MS }),
  );
  return {
    async listen() {
      const [port, managementPort] = await Promise.all([
        listen(servers[0], config.listen),
        listen(servers[1], config.management),
      ]);
      await audit.record({ type: 'server.start', outcome: 'success', store: driver.name, issuer: config.issuer });
      return { port, managementPort };
    },
    async close() {
      draining = true;
      engine.stop();
      await terminators[0]?.terminate();
      await audit.record({ type: 'server.stop', outcome: 'success' });
      await terminators[1]?.terminate();
      await audit.close();
      await driver.close();
    },
  };
}

function countedAudit({ auditSinks, log }: GatehouseOptions, metrics: Metrics): AuditRecorder {
  const recorder = createAuditRecorder(auditSinks, Date.now, (sink, error) =>
    log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  return {
    close: () => recorder.close(),
    record: (event) => {
      metrics.countEvent(event.type, event.outcome);
      return recorder.record(event);
    },
  };
}

interface ProtocolParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly clients: ClientRegistry;
  readonly audit: AuditRecorder;
  readonly pages: Pages;
}

interface Protocol {
  current(): Provider;
  readonly middleware: Middleware;
  stop(): void;
}

/**
 * oidc-provider fixes its keys when it is built. A rotation builds a second one beside it, and the next request goes
 * there; what the first one is doing it finishes.
 */
async function createProtocol(parts: ProtocolParts): Promise<Protocol> {
  const { vault, clock, log } = parts;
  const keyStore = createSigningKeyStore(vault);
  let keys = await loadOrCreateKeys(keyStore, clock);
  let provider = buildProvider(parts, keys);
  let middleware = compose(provider.middleware);
  const look = async (): Promise<void> => {
    const latest = await keyStore.load();
    if (!latest || latest.version === keys.version) return;
    keys = latest;
    provider = buildProvider(parts, keys);
    middleware = compose(provider.middleware);
    log.info({ version: keys.version }, 'signing keys were rotated');
  };
  const watcher = setInterval(() => {
    look().catch((error: unknown) => log.warn({ err: error }, 'the signing keys could not be checked'));
  }, KEY_WATCH_MS).unref();
  return {
    current: () => provider,
    middleware: (ctx, next) => middleware(ctx, next),
    stop: () => clearInterval(watcher),
  };
}

function buildProvider({ config, clock, vault, clients, audit, pages, log }: ProtocolParts, signingKeys: SigningKeySet): Provider {
  const { driver, keys } = vault;
  const accounts = createAccountStore(vault);
  const grantTtlSeconds = config.tokens.refreshTokenSeconds + config.tokens.accessTokenSeconds;
  return createProvider({
    config,
    signingKeys,
    clients,
    audit,
    clock,
    newGrantId,
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
    tokenText: (kind, grantId) => newTokenText(keys, kind as TokenKind, grantId ?? newGrantId()),
    rememberAssertion: (clientId, jti, expiresAt) =>
      driver.putIfAbsent({
        key: key.jti(keys.keyedHash('jti', JSON.stringify([clientId, jti]))),
        value: Uint8Array.of(1),
        ttlSeconds: Math.max(1, expiresAt - clock()),
      }),
    requestUnitOfWork: (work) => runInRequestScope(driver, grantTtlSeconds, (scope) => work((how) => scope.commit(how))),
    onServerError: (ctx, error) => log.error({ err: error, reference: referenceOf(ctx) }, 'a request failed'),
    pages: {
      error: (ctx, { status, code, description }) =>
        pages.error(ctx, { status, ...errorWords(status), code, ...(description === undefined ? {} : { description }) }),
      signOut: (ctx, { action, xsrf }) =>
        pages.render(ctx, 'sign-out', {
          form: { action, hidden: [{ name: 'xsrf', value: xsrf }] },
          buttons: { signOut: { name: 'logout', value: 'yes' }, stay: {} },
        }),
      signedOut: (ctx) => pages.render(ctx, 'signed-out', { message: 'You have signed out.' }),
    },
  });
}

function errorWords(status: number): { heading: string; message: string; advice: string } {
  if (status >= 500) {
    return {
      heading: 'This is not working right now',
      message: 'Something went wrong on our side.',
      advice: 'Nothing was shared. Wait a moment, then go back to the app and try again.',
    };
  }
  return {
    heading: 'The app sent something we cannot accept',
    message: 'Nothing was shared. This is most often a mistake in the app, or a page that was open for too long.',
    advice: 'Go back to the app and start again from there.',
  };
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
  readonly engine: Protocol;
  readonly assets: ReturnType<typeof serveAssets>['router'];
}

function createPublicApp(parts: PublicAppParts): Koa {
  const { config, log, clock, vault, clients, audit, pages, metrics, engine, assets } = parts;
  const app = new Koa({ proxy: true, keys: config.secrets.cookies.map((one) => one.reveal()) });
  app.on('error', (error: unknown) => log.error({ err: error }, 'a response failed'));
  const launches = createLaunchStore(vault);
  const ownToken = createOwnTokens(engine.current, config.tokens.backendTokenSeconds, clock);
  const style = styleDocument(config.issuer);
  const { keys } = vault;

  app.use(nameRequests());
  app.use(logRequests(log, metrics.observeRequest));
  app.use(
    answerErrors(
      (ctx, { status, code, description }) => pages.error(ctx, { status, ...pageWords(status), code, description }),
      (ctx, error) => log.error({ err: error, reference: referenceFor(ctx) }, 'a request failed'),
      (error) => error instanceof StoreUnavailable,
    ),
  );
  app.use(securityHeaders(config.issuer));
  app.use(pinOrigin(config.issuer, config.trustProxy));
  app.use(noStore((path) => UNCACHED.has(path)));
  app.use(assets.routes());
  app.use(style.router.routes());
  app.use(discoveryRoutes(config).routes());
  app.use(appendReference((ctx) => ('oidc' in ctx ? referenceOf(ctx as unknown as KoaContextWithOIDC) : referenceFor(ctx))));
  app.use(
    launchEndpoint({
      config,
      clients,
      launches,
      audit,
      clock,
      provider: engine.current,
      launchHash: (launch) => keys.keyedHash('launch', launch),
    }).routes(),
  );
  app.use(forPath('/interaction/', sameSiteForms(config.issuer)));
  app.use(
    interactionRoutes({
      config,
      clients,
      launches,
      pages,
      audit,
      log,
      clock,
      engine: createEngine(engine.current, clock),
      progress: createProgressStore<Progress>(vault),
      accounts: createAccountStore(vault),
      directory: (fhirBaseUrl) => createFhirDirectory(fhirBaseUrl, () => ownToken(fhirBaseUrl)),
      smartStyleUrl: style.url,
      usernameHash: (username) => keys.keyedHash('login', username),
      referenceFor: (ctx: Context, authorization) => referenceFor(ctx, authorization),
    }).routes(),
  );
  app.use(engine.middleware);
  return app;
}

const UNCACHED: ReadonlySet<string> = new Set(['/token', '/introspect', '/revoke', '/launches']);

function pageWords(status: number): { heading: string; message: string; advice?: string } {
  if (status === 404) return { heading: 'There is no such page', message: 'The address may be old or mistyped.' };
  if (status === 403) return { heading: 'This is not allowed', message: 'The form did not come from our own page.' };
  return errorWords(status);
}

function forPath(prefix: string, middleware: Middleware): Middleware {
  return (ctx, next) => (ctx.path.startsWith(prefix) ? middleware(ctx, next) : next());
}

function createManagementApp(driver: StoreDriver, hasKeys: () => string, metrics: Metrics, isDraining: () => boolean): Koa {
  const app = new Koa();
  const checks = [
    { name: 'store', check: () => driver.ping() },
    { name: 'keys', check: async () => void hasKeys() },
  ];
  app.use(answerHealth(checks, isDraining).routes());
  app.use(async function metricsPage(ctx, next) {
    if (ctx.path !== '/metrics') return next();
    const { type, body } = await metrics.render();
    ctx.type = type;
    ctx.body = body;
  });
  return app;
}

function httpServer(app: Koa): Server {
  const server = createServer(app.callback());
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

/** @throws the system's error, with the address in it, when the port cannot be had */
function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

import type { Logger } from 'pino';
import { createTally, type AuditSink } from './audit/index.ts';
import { createClientRegistry, rememberClients } from './clients/index.ts';
import { composeEndings } from './compose-endings.ts';
import { composeLogout } from './compose-logout.ts';
import { composeAudit, type ComposedAudit } from './compose-audit.ts';
import { composeAway } from './compose-away.ts';
import { composeRepresentation } from './compose-representation.ts';
import { startBackground } from './compose-background.ts';
import { buildProvider, grantWords } from './compose-provider.ts';
import { composeRecords } from './compose-records.ts';
import { openOutbox } from './compose-mail.ts';
import { tellOfSettings } from './compose-settings.ts';
import { composeTime } from './compose-time.ts';
import { composeSessionCap } from './compose-session-cap.ts';
import { createPublicApp } from './public-app.ts';
import { storeSecrets, type Config } from './config/index.ts';
import { createFhirDirectory, type FhirDirectory } from './fhir/index.ts';
import {
  createListener,
  createManagementApp,
  createMetrics,
  healthOf,
  loadTheme,
  serveAssets,
  watchOverload,
  type OverloadWatch,
  type Health,
  type HealthCheck,
  type TlsPair,
} from './http/index.ts';
import { createPages } from './interaction/index.ts';
import { createTeller } from './introspection/index.ts';
import { checkKeys } from './keys/index.ts';
import { createLanguages } from './language/index.ts';
import { createRelyingParty } from './relying-party/index.ts';
import { callbackPath, signedOutPath } from './sign-in/index.ts';
import { createRequestLimits } from './limits/index.ts';
import { createRevocationFeed, type RevocationFeed } from './revocations/index.ts';
import type { Clock } from './oauth/index.ts';
import {
  OWN_CLIENT,
  createClientKeys,
  createOwnTokens,
  createRotatingProvider,
  type ClientKeysParts,
  type RotatingProvider,
} from './oidc/index.ts';
import {
  allTakenBack,
  createAuditKeyStore,
  createAccountStore,
  createClientStore,
  createCounters,
  createSigningKeyStore,
  createTokenReader,
  createVault,
  grantOfTombstone,
  grantRefOf,
  guardEpoch,
  key,
  openKeyRing,
  remembersReads,
  type GuardedStore,
  type StoreDriver,
  type StoreKeys,
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
  /** How late work comes to its turn; default: a watch over this process's event loop, which `close` stops. */
  readonly overload?: OverloadWatch;
  /** For tests: another clock and resolver for clients' key sets. */
  readonly clientKeys?: Partial<Pick<ClientKeysParts, 'clock' | 'lookup'>>;
  /** For tests: a disk for the audit log that fails. */
  readonly auditDisk?: Parameters<typeof composeAudit>[0]['onDisk'];
  /** For tests: how long to wait before an app is told again that somebody has signed out. */
  readonly logoutWaitsMs?: readonly number[];
}

export interface Gatehouse {
  /** Starts listening on both ports, or, as one of several workers, on the public one alone: then `managementPort` is 0. */
  listen(asWorker?: boolean): Promise<{ readonly port: number; readonly managementPort: number }>;
  /** What `/health/ready` says. */
  health(): Promise<Health>;
  /** Uses another certificate from the next connection on. @throws Error when it is no good: then the old one stays */
  renewCertificate(pair: TlsPair): void;
  /** Is not ready from now on, and serves until it is closed. */
  leave(): void;
  /** Stops: not ready at once, then no new connections, then what is under way ends (25 s at most). */
  close(): Promise<void>;
}

/** Builds and connects every part. The one place where store, protocol engine, screens and HTTP meet. */
export async function createGatehouse(options: GatehouseOptions): Promise<Gatehouse> {
  const { config, log } = options;
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
  const time = composeTime({
    ...{ config, driver: options.driver, log, metrics },
    record: (event) => audit.record(event),
  });
  const { clock = time.clock } = options;
  const { audit, check: auditCheck }: ComposedAudit = composeAudit({
    ...{ config, clock, log, metrics, stamp: time.stamp, now: time.nowMs, sinks: options.auditSinks },
    onDisk: options.auditDisk,
    keyStore: () => createAuditKeyStore(vault),
  });
  const vault: Vault = createVault(driver, ring.keys, (name) => {
    log.error({ key: name }, 'ALARM: a value in the store was edited or moved; it is not used');
    void audit.record({ type: 'store.seal-broken', outcome: 'failure', key: name });
  });
  const clients = createClientRegistry([...config.clients, OWN_CLIENT], createClientStore(vault));
  const remembered = rememberClients(clients, store.revision);
  const tokens = createTokenReader({
    vault,
    words: grantWords(config, ring.keys),
    trust: store.trust,
    cacheBytes: config.introspection.cacheMegabytes * 1024 * 1024,
  });
  const tell = createTeller({ tokens, clients: remembered, fhirServers: config.fhirServers });
  const tally = createTally(audit);
  metrics.watchFeed(() => ({
    followers: feed.followers,
    ageMs: Math.min(performance.now() - feed.completeTo(), NEVER_MS),
  }));
  const { viewsDir } = options;
  const theme = loadTheme(config.theme.directory, config.languages.offered);
  const { router: assets, ...addresses } = serveAssets(viewsDir, theme);
  const { templateFor } = theme;
  const pages = createPages({ viewsDir, brandName: config.name, templateFor, ...addresses });
  const languages = createLanguages(theme.languages, config.languages.preferred, config.timeZone);
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
  const outbox = config.mail && openOutbox(config.mail, log);
  const relyingParty = createRelyingParty({
    callback: (id) => config.issuer + callbackPath(id),
    signedOut: (id) => config.issuer + signedOutPath(id),
  });
  const records = composeRecords({ config, vault, clock, now: time.nowMs, audit, log });
  const keepEnding = composeEndings({ config, clients, accounts: createAccountStore(vault), records, log });
  const shared = {
    ...{ config, log, clock, vault, trust, clients, clientKeys, audit, pages, counters, limits },
    ...{ records, keepEnding },
  };
  const ownToken = createOwnTokens(() => engine.current(), config, clock);
  const directory = (fhirBaseUrl: string): FhirDirectory =>
    createFhirDirectory(fhirBaseUrl, (renew) => ownToken(fhirBaseUrl, renew));
  const representation = composeRepresentation(config, directory, clock);
  const logout = composeLogout({
    ...shared,
    lookup: options.clientKeys?.lookup,
    waitsMs: options.logoutWaitsMs,
    signingKeys: () => engine.signingKeys(),
  });
  const protocol = {
    ...{ ...shared, relyingParty, directory, representation, logout },
    ...(outbox ? { outbox } : {}),
  };
  const capSessions = composeSessionCap(protocol);
  const keyStore = createSigningKeyStore(vault);
  const engine: RotatingProvider = await createRotatingProvider({
    clock,
    keyStore,
    build: (keys) => buildProvider(protocol, keys, capSessions),
    onMade: (kids) => log.info({ kids }, 'there were no signing keys in the store; new ones were made'),
    onRotated: (version) => {
      log.info({ version }, 'signing keys were rotated');
      feed.resync();
    },
    onFailure: (error) => log.warn({ err: error }, 'the signing keys could not be checked'),
  });
  const overload = options.overload ?? watchOverload();
  let started = false;
  let stopBackground = (): Promise<void> => Promise.resolve();
  let draining = false;
  const away = composeAway(config, log);
  const checks = [
    { name: 'store', check: () => store.check() },
    { name: 'keys', check: () => checkKeys(keyStore) },
    time,
    auditCheck,
    ...away.checks,
    ...(options.checks ?? []),
  ];
  const open = createListener(
    createPublicApp({
      ...protocol,
      capSessions,
      mayIssue: () => Promise.all([time.mayIssue(), away.mayIssue()]).then(() => undefined),
      metrics,
      engine,
      overload,
      assets,
      languages,
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
    renewCertificate: (pair) => open.renew(pair),
    async listen(asWorker = false) {
      await time.start();
      const port = await open.listen(config.listen);
      const managementPort = asWorker ? 0 : await management.listen(config.management);
      started = true;
      stopBackground = startBackground(protocol, { engine, metrics, languages });
      const { issuer } = config;
      await audit.record({ type: 'server.start', outcome: 'success', store: driver.name, issuer });
      await tellOfSettings({ config, vault, audit, log });
      return { port, managementPort };
    },
    leave: () => void (draining = true),
    async close() {
      draining = true;
      engine.stop();
      overload.stop();
      time.stop();
      feed.stop();
      await Promise.all([open.close(), stopBackground()]);
      await Promise.all([outbox?.close(MAIL_MS), logout.close(LOGOUT_MS)]);
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

/** Somebody waits for us to stop, and somebody else for a code. */
const MAIL_MS = 3000;
/** An app that does not answer is given up after 2.5 s. */
const LOGOUT_MS = 3000;
/** An hour: what the feed's age is while nothing is known. */
const NEVER_MS = 3_600_000;
/** Somebody waits for us to stop; what is still to be taken back by then stays for whoever shows it again. */
const UNDO_MS = 2000;

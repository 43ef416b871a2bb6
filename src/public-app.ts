import Koa, { type Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type Tally } from './audit/index.ts';
import { type ClientMemory } from './clients/index.ts';
import { composeFactors } from './compose-factors.ts';
import { composeEmergencyNotice, composeGrantNotice } from './compose-notices.ts';
import { composeMyApps } from './compose-my-apps.ts';
import { referenceOf, type ProtocolParts } from './compose-provider.ts';
import { composeSignIn } from './compose-sign-in.ts';
import type { serveAssets } from './http/index.ts';
import {
  allowFraming,
  answerErrors,
  appendReference,
  guardIssuing,
  knownPaths,
  isFramed,
  jsonOnly,
  logRequests,
  nameRequests,
  noStore,
  offeredMethods,
  pinOrigin,
  referenceFor,
  sameSiteForms,
  securityHeaders,
  shedLoad,
  trustProxies,
  withDeadline,
  type Metrics,
  type OverloadWatch,
  type Served,
} from './http/index.ts';
import {
  errorWords,
  interactionRoutes,
  speakLanguages,
  takeLanguage,
  type Progress,
} from './interaction/index.ts';
import { languageOf, type Languages } from './language/index.ts';
import { createSignInThrottle } from './limits/index.ts';
import { type Teller, type TokenReader } from './introspection/index.ts';
import { ACCOUNT_PATH, forgottenHref, MY_APPS_PATH } from './my-apps/index.ts';
import { type RevocationFeed } from './revocations/index.ts';
import {
  SERVED,
  answerPreflights,
  auditRefusals,
  createEngine,
  createPersonSessions,
  discoveryRoutes,
  failIntrospection,
  introspectAtOnce,
  mountEndpoints,
  provenanceKeysRoutes,
  styleDocument,
  userAssertions,
  type CapSessions,
  type PersonSessions,
  type RotatingProvider,
} from './oidc/index.ts';
import {
  createAccountStore,
  createConsentMemory,
  createRecentPatients,
  createLaunchStore,
  createPostedRequestStore,
  createProgressStore,
  createUpstreamSessions,
  createUsageStore,
  isStoreUnavailable,
  withPageRequest,
} from './store/index.ts';

export interface PublicAppParts extends ProtocolParts {
  readonly capSessions: CapSessions;
  /** @throws Overloaded while nothing is to be issued: the clock, or the audit log */
  readonly mayIssue: () => Promise<void>;
  readonly metrics: Metrics;
  readonly engine: RotatingProvider;
  readonly overload: OverloadWatch;
  readonly assets: ReturnType<typeof serveAssets>['router'];
  readonly languages: Languages;
  readonly remembered: ClientMemory;
  readonly tokens: TokenReader;
  readonly tell: Teller;
  readonly tally: Tally;
  readonly feed: RevocationFeed;
}

/** The public port: who answers what, in which order. */
export function createPublicApp(parts: PublicAppParts): Koa {
  const { config, log, clock, vault, clients, audit, pages, metrics, engine, assets, languages } = parts;
  const { directory } = parts;
  const app = new Koa({
    proxy: true,
    maxIpsCount: 1,
    keys: config.secrets.cookies.map((one) => one.reveal()),
  });
  app.on('error', (error: unknown) => log.error({ err: error }, 'a response failed'));
  const accounts = createAccountStore(vault);
  const memory = createConsentMemory(vault);
  const launches = createLaunchStore(vault, parts.trust.unsureBefore);
  const throttle = createSignInThrottle(parts.counters);
  const style = styleDocument(config.issuer);
  const launchHash = (launch: string): string => vault.keys.keyedHash('launch', launch);
  const usernameHash = (username: string): string => vault.keys.keyedHash('login', username);
  const grantTtlSeconds = config.tokens.refreshTokenSeconds + config.tokens.accessTokenSeconds;
  const usage = createUsageStore(vault, parts.trust, grantTtlSeconds);
  const discovery = discoveryRoutes(config, style, MY_APPS_PATH);
  const { records, publicKeys } = parts.records;
  const recordKeys = provenanceKeysRoutes(publicKeys);
  const composed = composeFactors(parts);
  const { factors, secondStep, mayMail } = composed;
  const progress = createProgressStore<Progress>(vault);
  const sessions = sessionsWhile(
    parts.mayIssue,
    createPersonSessions(engine.current, config, clock, parts.capSessions),
  );
  const signIn = composeSignIn(parts, { accounts, sessions, progress, directory, grantTtlSeconds });
  const upstreamSessions = createUpstreamSessions(vault);
  const screens = interactionRoutes({
    ...{ factors, secondStep, mayMail },
    config,
    clients,
    launches,
    memory,
    tellOfGrant: composeGrantNotice(parts),
    tellOfEmergency: composeEmergencyNotice(parts, languages),
    recentPatients: createRecentPatients(vault),
    pages,
    languages,
    audit,
    records,
    log,
    clock,
    engine: createEngine(engine.current, clock, audit),
    progress,
    providers: signIn.door,
    throttle,
    accounts,
    upstreamEnded: (upstream) => upstreamSessions.hasEnded(upstream),
    verifyUserAssertion: userAssertions(parts.clientKeys),
    directory,
    standings: parts.representation.standings,
    smartStyleUrl: style.url,
    myAppsPath: MY_APPS_PATH,
    forgottenHref,
    launchHash,
    formSecret: (uid) => vault.keys.keyedHash('form', uid),
    usernameHash,
    referenceFor: (ctx: Context, authorization) => referenceFor(ctx, authorization),
    isFramed,
  });
  const myApps = composeMyApps(parts, {
    ...{ accounts, records, memory, throttle, usage, usernameHash, directory, grantTtlSeconds },
    ...{ ...composed, sessions, providers: signIn.door },
  });

  app.use(trustProxies(config.trustedProxies));
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
  app.use(speakLanguages(languages));
  app.use(jsonOnly(PROGRAM_PATHS));
  app.use(logRequests(log, metrics.observeRequest));
  app.use(allowFraming(config.frames.ancestors));
  app.use(
    answerErrors(
      (ctx, { status, code, description }) =>
        pages.error(ctx, { status, ...errorWords(status, languageOf(ctx)), code, description }),
      (ctx, error) => log.error({ err: error, reference: referenceFor(ctx) }, 'a request failed'),
      isStoreUnavailable,
    ),
  );
  app.use(securityHeaders(config.issuer));
  const served = servedBy([assets, style.router, discovery, recordKeys, screens, myApps, signIn.routes]);
  app.use(knownPaths(served));
  app.use(takeLanguage(languages));
  app.use(shedLoad(parts.overload, metrics.countShed));
  app.use(withDeadline());
  app.use(guardIssuing(parts.mayIssue));
  // What it writes in the end may fail, too.
  app.use((ctx, next) => (DIRECT_PATHS.has(ctx.path) ? next() : withPageRequest(next)));
  app.use(
    pinOrigin(config.issuer, config.trustProxy, (ctx) =>
      audit.record({
        ...{ type: 'request.refused', outcome: 'refused', what: 'page', reason: 'another-host' },
        ...{ reference: referenceAt(ctx), address: ctx.ip },
      }),
    ),
  );
  app.use(noStore((path) => PROGRAM_PATHS.has(path)));
  app.use(failIntrospection());
  app.use(assets.routes());
  app.use(style.router.routes());
  app.use(discovery.routes());
  app.use(recordKeys.routes());
  app.use(answerPreflights(clients));
  app.use(appendReference(referenceAt));
  app.use(auditRefusals(audit, referenceAt));
  app.use(offeredMethods(served));
  mountEndpoints(app, {
    config,
    clients,
    remembered: parts.remembered,
    tokens: parts.tokens,
    tell: parts.tell,
    tally: parts.tally,
    feed: parts.feed,
    usage,
    launches,
    launchHash,
    audit,
    referenceOf: referenceAt,
    limits: parts.limits,
    clock,
    provider: engine.current,
    signingKeys: engine.signingKeys,
    posted: createPostedRequestStore(vault),
    findAccount: (id) => accounts.find(id),
  });
  app.use(
    sameSiteForms(config.issuer, ['/interaction/', MY_APPS_PATH, ACCOUNT_PATH], (ctx) =>
      audit.record({
        ...{ type: 'request.refused', outcome: 'refused', what: 'form', reason: 'another-site' },
        ...{ reference: referenceAt(ctx), address: ctx.ip },
      }),
    ),
  );
  app.use(screens.routes());
  app.use(myApps.routes());
  app.use(signIn.routes.routes());
  app.use(engine.middleware);
  return app;
}

/** That of the authorization a request belongs to, once the provider knows it. */
function referenceAt(ctx: Context): string {
  return 'oidc' in ctx ? referenceOf(ctx as unknown as KoaContextWithOIDC) : referenceFor(ctx);
}

/** Also at pages that stay open to who is signed in nobody signs in while nothing may be issued. */
function sessionsWhile(mayIssue: () => Promise<void>, sessions: PersonSessions): PersonSessions {
  return {
    ...sessions,
    async begin(...args) {
      await mayIssue();
      await sessions.begin(...args);
    },
    async add(...args) {
      await mayIssue();
      await sessions.add(...args);
    },
  };
}

function servedBy(routers: readonly Pick<ReturnType<typeof discoveryRoutes>, 'stack'>[]): Served {
  const served = new Map(SERVED);
  for (const { path, methods } of routers.flatMap(({ stack }) => stack))
    served.set(String(path), [...(served.get(String(path)) ?? []), ...methods]);
  return served;
}

/** Their writes are not those of a page. */
const DIRECT_PATHS: ReadonlySet<string> = new Set([
  '/token',
  '/introspect',
  '/revoke',
  '/revocations',
  '/usage',
]);
const PROGRAM_PATHS: ReadonlySet<string> = new Set([...DIRECT_PATHS, '/launches']);

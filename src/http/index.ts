/**
 * Koa middleware, one effect a file, each named by its effect. Knows nothing of SMART; app.ts sets the order.
 */
export { allowFraming, isFramed } from './framing.ts';
export { appendReference } from './append-reference.ts';
export { answerErrors } from './answer-errors.ts';
export { healthOf, type CheckResult, type Health, type HealthCheck } from './health.ts';
export { knownPaths, offeredMethods, type Served } from './known-paths.ts';
export { createListener, createWebServer, listenerOf, type TlsPair } from './listen.ts';
export { createManagementApp } from './management.ts';
export { createMetrics, metricsOfWorkers, type Metrics } from './metrics.ts';
export { clockRefusal, guardIssuing, undeliveredRefusal } from './issuing-guard.ts';
export { jsonOnly } from './json-only.ts';
export { logRequests } from './log-requests.ts';
export { Overloaded, msLeft, shedLoad, watchOverload, withDeadline, type OverloadWatch } from './overload.ts';
export { nameRequests, referenceFor } from './reference.ts';
export { noStore } from './no-store.ts';
export { pinOrigin } from './pin-origin.ts';
export { sameSiteForms } from './same-site-forms.ts';
export { securityHeaders } from './security-headers.ts';
export { trustProxies } from './trusted-proxies.ts';
export { serveAssets } from './assets.ts';
export { loadTheme, type Theme } from './theme.ts';

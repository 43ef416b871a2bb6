import type { Middleware } from 'koa';
import type { Logger } from 'pino';

import { referenceFor } from './reference.ts';

/** What the metrics want to know of a request. */
export type Observe = (seen: { method: string; route: string; status: number; seconds: number }) => void;

/**
 * One line a request: method, path, status, time, reference. Never the query or a body: codes, states and names of
 * patients are there. An interaction's id is a path segment, so those are cut.
 */
export function logRequests(log: Logger, observe: Observe): Middleware {
  return async function logRequestsMiddleware(ctx, next) {
    const started = performance.now();
    try {
      await next();
    } finally {
      const seconds = (performance.now() - started) / 1000;
      const route = routeOf(ctx.path);
      observe({ method: ctx.method, route, status: ctx.status, seconds });
      const line = { method: ctx.method, path: route, status: ctx.status, ms: Math.round(seconds * 1000) };
      log.info({ ...line, reference: referenceFor(ctx) }, 'request');
    }
  };
}

const KNOWN =
  /^\/(authorize|token|jwks|introspect|revoke|logout|interaction|apps|account|sign-in|launches|revocations|usage|assets|\.well-known\/(?:openid-configuration|oauth-authorization-server))(?=\/|$)/;

/** A path with its ids cut out, one of few: what people send cannot grow a log field or a metric without end. */
function routeOf(path: string): string {
  if (path.endsWith('/.well-known/smart-configuration')) return 'smart-configuration';
  return KNOWN.exec(path)?.[0] ?? 'other';
}

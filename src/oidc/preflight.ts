import type { Context, Middleware } from 'koa';

import { browserOrigins, type ClientRegistry } from '../clients/index.ts';
import { ROUTES } from './configuration.ts';

/** Endpoints that browser apps call with what they were registered for. */
const CLIENT_PATHS: ReadonlySet<string> = new Set([ROUTES.token, ROUTES.introspection, ROUTES.revocation]);
const METHODS = 'POST';
const HEADERS = 'authorization, content-type, accept';
const MAX_AGE_SECONDS = '600';
const KEPT_MS = 1000;
/**
 * What we answer before the provider, which sets the headers otherwise, is asked; and the header that a browser app needs
 * to make sense of it. A Bearer token that may not introspect is 401 or 403: no client that allows origins is known then.
 */
const OURS: ReadonlyMap<number, string | undefined> = new Map([
  [401, 'WWW-Authenticate'],
  [403, 'WWW-Authenticate'],
  [413, undefined],
  [429, 'Retry-After'],
]);

/**
 * Answers preflights of the client endpoints. A preflight cannot say which client asks, so the origin must be that of
 * some registered one (CORS-05); an unknown origin is told nothing, and never repeated back (attack row A192). Whether
 * this client may use this origin is checked again with the request itself.
 */
export function answerPreflights(clients: Pick<ClientRegistry, 'list'>): Middleware {
  const origins = keptOrigins(clients);
  return async function answerPreflightsMiddleware(ctx, next) {
    if (ctx.method !== 'OPTIONS' || !CLIENT_PATHS.has(ctx.path)) {
      await next();
      if (CLIENT_PATHS.has(ctx.path)) await forgetStrangers(ctx, origins);
      return;
    }
    const origin = ctx.get('Origin');
    ctx.vary('Origin');
    ctx.status = 204;
    if (origin === '' || !(await origins()).has(origin)) return;
    ctx.set('Access-Control-Allow-Origin', origin);
    ctx.set('Access-Control-Allow-Methods', METHODS);
    ctx.set('Access-Control-Allow-Headers', HEADERS);
    ctx.set('Access-Control-Max-Age', MAX_AGE_SECONDS);
  };
}

/** Where no client is known, the provider lets any origin read its error: only a registered one may (A192). */
async function forgetStrangers(ctx: Context, origins: () => Promise<ReadonlySet<string>>): Promise<void> {
  const origin = ctx.get('Origin');
  if (origin === '') return;
  ctx.vary('Origin');
  const isKnown = (await origins()).has(origin);
  if (isKnown && OURS.has(ctx.status)) {
    ctx.set('Access-Control-Allow-Origin', origin);
    const exposed = OURS.get(ctx.status);
    if (exposed !== undefined) ctx.set('Access-Control-Expose-Headers', exposed);
  }
  if (isKnown) return;
  ctx.remove('Access-Control-Allow-Origin');
  ctx.remove('Access-Control-Expose-Headers');
}

/** The origins of all enabled clients; a new or disabled client counts within a second. */
function keptOrigins(clients: Pick<ClientRegistry, 'list'>): () => Promise<ReadonlySet<string>> {
  let kept: { readonly origins: ReadonlySet<string>; readonly until: number } | undefined;
  return async () => {
    if (kept && kept.until > performance.now()) return kept.origins;
    const enabled = (await clients.list()).filter(({ disabled }) => !disabled);
    const origins = new Set(enabled.flatMap(({ registration }) => browserOrigins(registration)));
    kept = { origins, until: performance.now() + KEPT_MS };
    return origins;
  };
}

import type { Context, Middleware } from 'koa';

import { ROUTES } from './configuration.ts';

/** What the provider publishes for everybody: no credentials are looked at, and all get the same. */
const PROVIDER_DOCUMENTS: ReadonlySet<string> = new Set([
  ROUTES.jwks,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]);

/** Whatever an app likes to send; the wildcard alone leaves `Authorization` out, and old browsers do not know it. */
const HEADERS = '*, accept, authorization, content-type';
const MAX_AGE_SECONDS = 600;

/** Any origin may read it. */
export function openToAll(ctx: Context): void {
  ctx.set('Access-Control-Allow-Origin', '*');
}

/** The preflight of a document that is open to all: the same words for everybody, and none of theirs (CORS-01, A192). */
export function answerOpenPreflight(ctx: Context): void {
  openToAll(ctx);
  ctx.set('Access-Control-Allow-Methods', 'GET');
  ctx.set('Access-Control-Allow-Headers', HEADERS);
  ctx.set('Access-Control-Max-Age', String(MAX_AGE_SECONDS));
  ctx.status = 204;
}

/**
 * Opens the provider's documents. By itself it would repeat every origin and every header back (CORS-09); where an answer
 * says already who may read it, it adds nothing.
 */
export function openDocuments(): Middleware {
  return async function openDocumentsMiddleware(ctx, next) {
    const isOpen = PROVIDER_DOCUMENTS.has(ctx.path);
    if (isOpen && ctx.method === 'OPTIONS') {
      answerOpenPreflight(ctx);
      return;
    }
    if (isOpen) openToAll(ctx);
    await next();
  };
}

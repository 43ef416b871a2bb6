import type { Middleware } from 'koa';

/** Answers other methods on endpoints that take POST alone: 405, and which is allowed (RFC 9110 §15.5.6). */
export function postOnly(paths: ReadonlySet<string>): Middleware {
  return async function postOnlyMiddleware(ctx, next) {
    if (!paths.has(ctx.path) || ctx.method === 'POST' || ctx.method === 'OPTIONS') {
      await next();
      return;
    }
    ctx.set('Allow', 'POST');
    ctx.status = 405;
    ctx.body = { error: 'invalid_request', error_description: 'this endpoint takes POST only' };
  };
}

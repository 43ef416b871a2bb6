import type { Middleware } from 'koa';

/** Keeps answers with tokens or pages about people out of every cache (TOK-15 wants both headers). */
export function noStore(applies: (path: string) => boolean): Middleware {
  return async function noStoreMiddleware(ctx, next) {
    try {
      await next();
    } finally {
      if (applies(ctx.path)) {
        ctx.set('Cache-Control', 'no-store');
        ctx.set('Pragma', 'no-cache');
      }
    }
  };
}

import type { Middleware } from 'koa';

/**
 * Endpoints that only programs call answer in JSON, errors too (TOK-20, RFC 6749 §5.2), even to a program that sends the
 * `Accept` of a browser. Whatever decides by that header is told the other name for what was asked.
 */
export function jsonOnly(paths: ReadonlySet<string>): Middleware {
  return async function jsonOnlyMiddleware(ctx, next) {
    const { accept } = ctx.req.headers;
    if (paths.has(ctx.path) && accept !== undefined)
      ctx.req.headers.accept = accept.replaceAll(/text\/(?:html|\*)/gi, 'application/json');
    await next();
  };
}

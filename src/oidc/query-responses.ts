import type { Middleware } from 'koa';

import { shortScopeText } from '../smart/index.ts';

/**
 * Answers travel in the query of the redirect URI and nowhere else (attack row A026). The provider refuses another
 * `response_mode` in that very mode, `form_post` by a form that our own Content-Security-Policy stops; so it never sees
 * one. {@link refusedResponseMode} remembers it, for the check that tells the app. Scopes are brought into their short
 * form on the way, since the provider compares them letter by letter.
 */
export function queryResponses(authorizationPath: string): Middleware {
  return async function queryResponsesMiddleware(ctx, next) {
    if (ctx.path === authorizationPath && typeof ctx.query['scope'] === 'string')
      ctx.query = { ...ctx.query, scope: shortScopeText(ctx.query['scope']) };
    const { response_mode: mode, ...others } = ctx.query;
    if (ctx.path === authorizationPath && typeof mode === 'string' && mode !== 'query') {
      ctx.query = others;
      ctx.state['refusedResponseMode'] = mode;
    }
    await next();
    // The provider lists all the modes it knows.
    const { body } = ctx as { body?: unknown };
    if (typeof body === 'object' && body !== null && 'response_modes_supported' in body) {
      ctx.body = { ...body, response_modes_supported: ['query'] };
    }
  };
}

/** The response mode that was asked for and cannot be had. */
export function refusedResponseMode(ctx: { readonly state: Readonly<Record<string, unknown>> }): unknown {
  return ctx.state['refusedResponseMode'];
}

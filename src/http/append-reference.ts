import type { Middleware } from 'koa';

/**
 * Puts the reference id into every error an app gets, in JSON or on a redirect, so that what its developer sees can be
 * found in our log.
 *
 * @param resolve settles which reference the request belongs to
 */
export function appendReference(resolve: (ctx: Parameters<Middleware>[0]) => string): Middleware {
  return async function appendReferenceMiddleware(ctx, next) {
    await next();
    const note = ` (reference ${resolve(ctx)})`;
    const { body } = ctx as { body?: unknown };
    if (typeof body === 'object' && body !== null && 'error' in body && !Buffer.isBuffer(body)) {
      ctx.body = { ...body, error_description: (descriptionOf(body) + note).trim() };
    }
    const location = ctx.response.get('Location');
    if (/[?&]error=/.test(location)) {
      const url = new URL(location, 'http://relative.invalid');
      url.searchParams.set('error_description', (url.searchParams.get('error_description') ?? '') + note);
      ctx.set('Location', url.href);
    }
  };
}

function descriptionOf(body: object & { readonly error: unknown }): string {
  if (body.error === 'server_error') return 'something went wrong on our side';
  return 'error_description' in body ? String(body.error_description) : '';
}

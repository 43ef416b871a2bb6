import type { Context, Middleware } from 'koa';

/**
 * Answers only under our own name, and makes everything behind it see only that name: no URL, audience or cookie is
 * ever built from a Host header somebody chose (attack row A088). Headers of proxies count only where one is trusted.
 *
 * @param onForeign told of who asked under another name
 */
export function pinOrigin(
  issuer: string,
  trustProxy: boolean,
  onForeign: (ctx: Context) => Promise<void>,
): Middleware {
  const { host, protocol } = new URL(issuer);
  return async function pinOriginMiddleware(ctx, next) {
    const { headers } = ctx.req;
    const forwarded = trustProxy ? firstOf(headers['x-forwarded-host']) : undefined;
    const named = forwarded ?? headers.host;
    if (named?.toLowerCase() !== host) {
      ctx.status = 421;
      ctx.body = {
        error: 'invalid_request',
        error_description: `this server answers as ${host} only (reference ${String(ctx.state['reference'])})`,
      };
      await onForeign(ctx);
      return;
    }
    headers.host = host;
    headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete headers['x-forwarded-host'];
    delete headers['forwarded'];
    // Somebody may have looked at the cookies already; those that are set are for our own scheme, whatever a proxy says.
    ctx.cookies.secure = protocol === 'https:';
    if (!trustProxy) delete headers['x-forwarded-for'];
    await next();
  };
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return [header].flat()[0]?.split(',')[0]?.trim();
}

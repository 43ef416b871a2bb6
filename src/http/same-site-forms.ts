import type { Context, Middleware } from 'koa';

/**
 * Refuses forms that another site posted (attack row A067). Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`
 * (which is `null` from a page without referrer, so it counts only where nothing better is sent). The token in the form
 * is checked besides.
 *
 * @param prefixes of paths under which people send forms; elsewhere it is apps that post
 * @param onForeign told before such a form is refused
 */
export function sameSiteForms(
  issuer: string,
  prefixes: readonly string[],
  onForeign: (ctx: Context) => Promise<void>,
): Middleware {
  const own = new URL(issuer).origin;
  return async function sameSiteFormsMiddleware(ctx, next) {
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    const isForeign =
      site === '' ? origin !== '' && origin !== own : site !== 'same-origin' && site !== 'none';
    if (ctx.method === 'POST' && prefixes.some((prefix) => ctx.path.startsWith(prefix)) && isForeign) {
      await onForeign(ctx);
      ctx.throw(403, 'this form was not sent from our own page');
    }
    await next();
  };
}

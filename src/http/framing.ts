import type { Context, Middleware } from 'koa';

/** Of the pages people see on the way to an app. Where they end access, nobody frames them. */
const FRAMEABLE = /^\/(authorize|interaction|sign-in)(\/|$)/;

/** Does an allowed page of an EHR show this one in a frame? Browsers say so of every request for a document. */
export function isFramed(ctx: Pick<Context, 'get'>): boolean {
  return /^(iframe|frame)$/.test(ctx.get('Sec-Fetch-Dest'));
}

/**
 * Lets pages of these origins show the way to an app in a frame; without any, and for every other page, framing is blocked.
 * Cookies of a framed page are kept apart for each EHR (CHIPS), and are sent in frames; those of all other pages are not.
 *
 * @param ancestors origins such as `https://ehr.example`
 */
export function allowFraming(ancestors: readonly string[]): Middleware {
  return async function allowFramingMiddleware(ctx, next) {
    const { path } = ctx;
    await next();
    if (ancestors.length === 0 || !FRAMEABLE.test(path)) return;
    const policy = ctx.response.get('Content-Security-Policy');
    const allowed = `frame-ancestors ${ancestors.join(' ')}`;
    ctx.set('Content-Security-Policy', policy.replace("frame-ancestors 'none'", allowed));
    ctx.remove('X-Frame-Options');
    if (isFramed(ctx)) partitionCookies(ctx);
  };
}

function partitionCookies(ctx: Context): void {
  const lines = ctx.res.getHeader('Set-Cookie');
  if (!Array.isArray(lines)) return;
  ctx.res.setHeader(
    'Set-Cookie',
    lines.map((line) => {
      const kept = line.split(';').filter((part) => !/^\s*(samesite|secure|partitioned)\b/i.test(part));
      return `${kept.join(';')}; SameSite=None; Secure; Partitioned`;
    }),
  );
}

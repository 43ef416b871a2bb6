import helmet from 'helmet';
import type { Middleware } from 'koa';

/**
 * Headers for every answer: no framing, no sniffing, no referrer, no foreign resource. Forms go to ourselves only; the
 * way back to the app is a page of its own, since Chromium holds every redirect after a form to this rule.
 */
export function securityHeaders(issuer: string): Middleware {
  const isHttps = issuer.startsWith('https:');
  const set = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'script-src': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 365 * 24 * 3600, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // Browser apps read discovery, keys and tokens from other origins; CORS decides there.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
  });
  return async function securityHeadersMiddleware(ctx, next) {
    await new Promise<void>((resolve, reject) => {
      set(ctx.req, ctx.res, (error: unknown) => (error instanceof Error ? reject(error) : resolve()));
    });
    await next();
  };
}

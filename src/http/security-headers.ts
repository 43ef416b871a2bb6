import helmet from 'helmet';
import type { Middleware } from 'koa';

import { isLoopback } from '../clients/index.ts';

/**
 * Headers for every answer: no framing, no sniffing, no referrer, no foreign resource. Forms go to ourselves only; the
 * way back to the app is a page of its own, since Chromium holds every redirect after a form to this rule.
 */
export function securityHeaders(issuer: string): Middleware {
  const { protocol, hostname } = new URL(issuer);
  // On localhost it would lock out whatever else runs there without TLS: browsers remember it for a host, not for a port.
  const isPublic = protocol === 'https:' && !isLoopback(hostname);
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
    strictTransportSecurity: isPublic ? { maxAge: 365 * 24 * 3600, includeSubDomains: true } : false,
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

import type { Middleware } from 'koa';

import { contains, ranges } from '../clients/index.ts';

/** What proxies say of whom they speak for. */
const OF_PROXIES = /^(?:forwarded|x-forwarded-.+|x-real-ip)$/;

/**
 * Takes away what only a proxy may say from whoever is not one of ours: nobody chooses the address that limits count and
 * the audit log names. In front of everything that reads it.
 *
 * @param proxies addresses and ranges; none: whoever can connect is a proxy, where one is trusted at all
 */
export function trustProxies(proxies: readonly string[]): Middleware {
  const trusted = ranges(proxies);
  return async function trustProxiesMiddleware(ctx, next) {
    if (proxies.length > 0 && !contains(trusted, ctx.req.socket.remoteAddress ?? ''))
      for (const name of Object.keys(ctx.req.headers))
        if (OF_PROXIES.test(name)) Reflect.deleteProperty(ctx.req.headers, name);
    await next();
  };
}

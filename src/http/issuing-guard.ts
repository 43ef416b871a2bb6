import type { Middleware } from 'koa';

import { Overloaded } from './overload.ts';

/** What issues something, or asks a person for what is issued then. */
const ISSUES =
  /^\/(?:authorize|token|launches|interaction|sign-in\/[^/]+\/callback|account\/forgotten)(?:\/|$)/;

/**
 * Nothing is issued by a clock that is not to be believed (SEC-2, F17), nor while the audit log does not arrive where it must
 * (SEC-5). Introspection, revocation, signing out, keys, metadata and what people take back at their pages go on.
 *
 * @param mayIssue rejects with {@link Overloaded} when nothing may be issued
 */
export function guardIssuing(mayIssue: () => Promise<void>): Middleware {
  return async function guardIssuingMiddleware(ctx, next) {
    if (ISSUES.test(ctx.path)) await mayIssue();
    await next();
  };
}

/** When the clock has been looked at again. */
export function clockRefusal(everySeconds: number): Overloaded {
  return new Overloaded(
    'the clock of this server is being put right, and it issues nothing meanwhile',
    everySeconds,
  );
}

/** While the audit log does not arrive where it must. */
export function undeliveredRefusal(): Overloaded {
  return new Overloaded('the audit log of this server does not arrive, and it issues nothing meanwhile');
}

import type { Middleware } from 'koa';

import { Overloaded } from './overload.ts';

/** What issues something, or asks a person for what is issued then. */
const ISSUES =
  /^\/(?:authorize|token|launches|interaction|sign-in\/[^/]+\/callback|account\/forgotten)(?:\/|$)/;

/**
 * Nothing is issued by a clock that is not to be believed (SEC-2, F17). Introspection, revocation, signing out, keys,
 * metadata and what people take back at their pages go on.
 *
 * @param mayIssue rejects with {@link Overloaded} when nothing may be issued
 */
export function guardClock(mayIssue: () => Promise<void>): Middleware {
  return async function guardClockMiddleware(ctx, next) {
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

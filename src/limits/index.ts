/**
 * How often somebody may do something: counters that all nodes share, limits over them, and what an address is to a
 * limit. Owns no numbers (they are configuration) and no answers (429 is said at the edges). Called by the sign-in
 * screen and in front of the endpoints.
 */
export { networkOf } from './network.ts';
export type { Count, Counters } from './counters.ts';
export type { Limiter } from './limiter.ts';
export {
  LIMIT_WINDOW_SECONDS,
  createRequestLimits,
  type LimitName,
  type RequestLimits,
} from './request-limits.ts';
export { createFactorThrottle } from './factor-throttle.ts';
export { createMailLimit } from './mail-limit.ts';
export { createSignInThrottle, type SignInThrottle } from './sign-in-throttle.ts';

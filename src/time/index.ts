/**
 * Which time it is, and whether that may be believed (SEC-2): what time servers say (SNTP, RFC 5905), how far the clocks
 * of the stores are from ours, and the rule that makes a verdict of both. Sets no clock. Knows neither Koa nor Redis: the
 * composition root hands in who is asked, and asks before anything is issued.
 */
export { createSteadyClock } from './steady.ts';
export { askTimeServers } from './servers.ts';
export { systemStamp, type TimeStamp } from './stamp.ts';
export { watchTime, type TimeWatch } from './watch.ts';
export type { StoreClock, Verdict } from './judge.ts';

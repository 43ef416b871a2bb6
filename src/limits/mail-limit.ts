import type { Counters } from './counters.ts';
import { createLimiter } from './limiter.ts';

const HOUR = 3600;
const MAILS_AN_HOUR = 5;

/** Counts codes mailed to one person: nobody's mailbox is filled from our pages. `false`: it was enough for this hour. */
export function createMailLimit(counters: Counters): (accountId: string) => Promise<boolean> {
  const limiter = createLimiter(counters, {
    ...{ name: 'mailPerAccount', points: MAILS_AN_HOUR, windowSeconds: HOUR },
  });
  return async (accountId) => (await limiter.take(accountId)).waitSeconds === 0;
}

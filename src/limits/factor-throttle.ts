import type { Counters } from './counters.ts';
import { createLimiter } from './limiter.ts';
import { networkOf } from './network.ts';

const QUARTER_OF_AN_HOUR = 900;
const DAY = 24 * 3600;
/** Three codes of a million are good at a time: fifty guesses a day find one in eighteen years, half the time. */
const GUESSES_A_QUARTER = 10;
const GUESSES_A_DAY = 50;
const GUESSES_PER_ADDRESS = 100;

/**
 * Slows guessing of second factors and of codes sent by mail down, per account and per address (attack row A076). All nodes
 * count together. Rejects when the store does not answer.
 */
export function createFactorThrottle(counters: Counters) {
  const soon = createLimiter(counters, {
    ...{ name: 'factorPerAccount', points: GUESSES_A_QUARTER, windowSeconds: QUARTER_OF_AN_HOUR },
  });
  const daily = createLimiter(counters, {
    ...{ name: 'factorPerAccountDaily', points: GUESSES_A_DAY, windowSeconds: DAY },
  });
  const addresses = createLimiter(counters, {
    ...{ name: 'factorPerAddress', points: GUESSES_PER_ADDRESS, windowSeconds: QUARTER_OF_AN_HOUR },
  });
  return {
    async secondsToWait(accountId: string, address: string): Promise<number> {
      const waits = [soon.look(accountId), daily.look(accountId), addresses.look(networkOf(address))];
      return Math.max(...(await Promise.all(waits)));
    },
    async failed(accountId: string, address: string): Promise<void> {
      await Promise.all([soon.take(accountId), daily.take(accountId), addresses.take(networkOf(address))]);
    },
    async succeeded(accountId: string): Promise<void> {
      await Promise.all([soon.forget(accountId), daily.forget(accountId)]);
    },
  };
}

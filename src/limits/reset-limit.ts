import type { Counters } from './counters.ts';
import { createLimiter } from './limiter.ts';
import { networkOf } from './network.ts';

const HOUR = 3600;
const RESETS_AN_HOUR = 20;

/** Counts who asks for codes to set another password, per address, whoever they are for. @returns seconds to wait; 0: go on */
export function createResetLimit(counters: Counters): (address: string) => Promise<number> {
  const limiter = createLimiter(counters, {
    ...{ name: 'resetPerAddress', points: RESETS_AN_HOUR, windowSeconds: HOUR },
  });
  return async (address) => (await limiter.take(networkOf(address))).waitSeconds;
}

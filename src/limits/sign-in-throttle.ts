import type { Counters } from './counters.ts';
import { createLimiter } from './limiter.ts';
import { networkOf } from './network.ts';

const WINDOW_SECONDS = 900;
const FAILURES_PER_USER = 10;
const FAILURES_PER_ADDRESS = 100;

/**
 * Slows down guessing: per user name and per address, never a lasting lock (attack rows A073, A074). All nodes count
 * together. Rejects when the store does not answer: then nobody can sign in anyway.
 */
export interface SignInThrottle {
  /** Seconds to wait before the next try; 0 when there is none. */
  secondsToWait(username: string, address: string): Promise<number>;
  failed(username: string, address: string): Promise<void>;
  succeeded(username: string): Promise<void>;
}

export function createSignInThrottle(counters: Counters): SignInThrottle {
  const limiter = (name: string, points: number) =>
    createLimiter(counters, { name, points, windowSeconds: WINDOW_SECONDS });
  const users = limiter('signInPerUser', FAILURES_PER_USER);
  const addresses = limiter('signInPerAddress', FAILURES_PER_ADDRESS);
  return {
    async secondsToWait(username, address) {
      return Math.max(...(await Promise.all([users.look(username), addresses.look(networkOf(address))])));
    },
    async failed(username, address) {
      await Promise.all([users.take(username), addresses.take(networkOf(address))]);
    },
    succeeded: (username) => users.forget(username),
  };
}

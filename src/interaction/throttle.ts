import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 900;
const FAILURES_PER_USER = 10;
const FAILURES_PER_ADDRESS = 100;

/** Slows down guessing: per user name and per address, never a lasting lock (attack rows A073, A074). */
export interface Throttle {
  /** Seconds to wait before the next try; 0 when there is none. */
  secondsToWait(username: string, address: string): Promise<number>;
  failed(username: string, address: string): Promise<void>;
  succeeded(username: string): Promise<void>;
}

export function createThrottle(): Throttle {
  const users = new RateLimiterMemory({ points: FAILURES_PER_USER, duration: WINDOW_SECONDS });
  const addresses = new RateLimiterMemory({ points: FAILURES_PER_ADDRESS, duration: WINDOW_SECONDS });
  return {
    async secondsToWait(username, address) {
      const [user, from] = await Promise.all([users.get(username), addresses.get(address)]);
      return Math.max(waitOf(user, FAILURES_PER_USER), waitOf(from, FAILURES_PER_ADDRESS));
    },
    async failed(username, address) {
      await Promise.all([consume(users, username), consume(addresses, address)]);
    },
    async succeeded(username) {
      await users.delete(username);
    },
  };
}

function waitOf(state: RateLimiterRes | null, limit: number): number {
  return state && state.consumedPoints >= limit ? Math.ceil(state.msBeforeNext / 1000) : 0;
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
  }
}

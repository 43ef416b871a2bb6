import { RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterStoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';

import type { Count, Counters } from './counters.ts';

/** What a limiter says to one more. */
export interface Verdict {
  /** Seconds to wait; 0: go on. */
  readonly waitSeconds: number;
  /** It used the limit up: in a window, on all nodes, one does. */
  readonly isLast: boolean;
}

/** One limit: so many in so many seconds, for each of whoever they are. Rejects when the store does not answer. */
export interface Limiter {
  /** Counts one more, also where it is one too many. */
  take(whose: string): Promise<Verdict>;
  /** Seconds to wait until one more is welcome; 0: none. Counts nothing. */
  look(whose: string): Promise<number>;
  /** As {@link look}, from what this process has seen by itself; asks nobody. */
  known(whose: string): number;
  giveBack(whose: string): Promise<void>;
  forget(whose: string): Promise<void>;
}

export interface LimiterOptions {
  readonly name: string;
  readonly points: number;
  readonly windowSeconds: number;
  /** Once the limit is met, refuse until the window ends without asking the store; then nothing is given back. */
  readonly remembers?: boolean;
}

export function createLimiter(
  counters: Counters,
  { name, points, windowSeconds, remembers = false }: LimiterOptions,
): Limiter {
  const shared = new SharedLimiter(counters, {
    keyPrefix: name,
    points,
    duration: windowSeconds,
    inMemoryBlockOnConsumed: remembers ? points : 0,
  });
  return {
    async take(whose) {
      try {
        const { consumedPoints } = await shared.consume(whose);
        return { waitSeconds: 0, isLast: consumedPoints === points };
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        return { waitSeconds: secondsOf(refusal), isLast: false };
      }
    },
    async look(whose) {
      const state = await shared.get(whose);
      return state && state.consumedPoints >= points ? secondsOf(state) : 0;
    },
    known: (whose) => Math.ceil(shared.getInMemoryBlockMsBeforeExpire(shared.getKey(whose)) / 1000),
    async giveBack(whose) {
      await shared.reward(whose);
    },
    async forget(whose) {
      await shared.delete(whose);
    },
  };
}

function secondsOf({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1000));
}

/** rate-limiter-flexible over our own counters, so that both stores behave alike. */
class SharedLimiter extends RateLimiterStoreAbstract<Count> {
  readonly #counters: Counters;

  constructor(counters: Counters, options: ConstructorParameters<typeof RateLimiterStoreAbstract<Count>>[0]) {
    super(options);
    this.#counters = counters;
  }

  protected override _upsert(key: string, points: number, msDuration: number): Promise<Count> {
    return this.#counters.add(key, points, msDuration / 1000);
  }

  protected override async _get(key: string): Promise<Count | null> {
    const count = await this.#counters.add(key, 0, 1);
    return count.total === 0 ? null : count;
  }

  protected override async _delete(key: string): Promise<boolean> {
    await this.#counters.forget(key);
    return true;
  }

  protected override _getRateLimiterRes(
    _key: string,
    changedPoints: number,
    { total, msLeft }: Count,
  ): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.points - total), msLeft, total, total === changedPoints);
  }
}

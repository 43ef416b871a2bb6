/**
 * The class all limiters of rate-limiter-flexible over a store extend. Its types promise it from the front door, where
 * it is not; and they leave out the members that are there to be overridden.
 */
declare module 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js' {
  import type { RateLimiterRes } from 'rate-limiter-flexible';

  interface Options {
    readonly keyPrefix: string;
    readonly points: number;
    readonly duration: number;
    /** From how many points on this process refuses by itself until the window ends. 0: never. */
    readonly inMemoryBlockOnConsumed: number;
  }

  export default abstract class RateLimiterStoreAbstract<Stored> {
    constructor(options: Options);
    readonly points: number;
    /** Rejects with a `RateLimiterRes` when it was one too many, with whatever the store said when it failed. */
    consume(key: string): Promise<RateLimiterRes>;
    reward(key: string): Promise<RateLimiterRes>;
    get(key: string): Promise<RateLimiterRes | null>;
    delete(key: string): Promise<boolean>;
    getKey(key: string): string;
    getInMemoryBlockMsBeforeExpire(prefixedKey: string): number;
    protected abstract _upsert(key: string, points: number, msDuration: number): Promise<Stored>;
    protected abstract _get(key: string): Promise<Stored | null>;
    protected abstract _delete(key: string): Promise<boolean>;
    protected abstract _getRateLimiterRes(key: string, changedPoints: number, stored: Stored): RateLimiterRes;
  }
}

/** Whole seconds since 1970-01-01T00:00:00Z, the unit of `iat` and `exp` (RFC 7519 §2, NumericDate). */
export type EpochSeconds = number;

/** Tells the time. A parameter wherever time decides something, so that tests can hold it still. */
export type Clock = () => EpochSeconds;

export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

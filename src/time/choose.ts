/** What one clock said. `aheadMs`: how far it is ahead of our monotonic clock. */
export interface Sample {
  readonly aheadMs: number;
  /** How far that may be wrong, either way. */
  readonly distanceMs: number;
}

/** Two good servers are seldom as sure as they say. */
const SLACK_MS = 50;

/**
 * Of what several servers said, the surest that more than half of them agree with; `undefined`: there is none. One server
 * that tells a wrong time is outvoted by two; of two that contradict each other nobody knows which.
 */
export function chooseSample<One extends Sample>(samples: readonly One[]): One | undefined {
  const supported = samples.filter(
    (one) => samples.filter((other) => agree(one, other)).length > samples.length / 2,
  );
  return surest(supported);
}

export function surest<One extends Sample>(samples: readonly One[]): One | undefined {
  return samples.toSorted((one, other) => one.distanceMs - other.distanceMs)[0];
}

function agree(one: Sample, other: Sample): boolean {
  return Math.abs(one.aheadMs - other.aheadMs) <= one.distanceMs + other.distanceMs + SLACK_MS;
}

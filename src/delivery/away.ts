/** A receiver of the audit log, and since when it cannot be reached. */
export interface Followed {
  readonly id: string;
  /** Seconds; absent: for as long as it likes. */
  readonly maxAwayS?: number | undefined;
  /** ISO 8601; absent: it is reached. */
  readonly awaySince?: string | undefined;
}

/** The first that has been away for longer than it may (SEC-5). @param now milliseconds since 1970 */
export function awayTooLong(receivers: readonly Followed[], now: number): Followed | undefined {
  return receivers.find(
    ({ maxAwayS = Infinity, awaySince }) =>
      awaySince !== undefined && now - Date.parse(awaySince) > maxAwayS * 1000,
  );
}

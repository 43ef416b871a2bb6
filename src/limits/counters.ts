/** A counter as it stands. */
export interface Count {
  readonly total: number;
  /** Until the window ends and the counter is gone; 0 when there is none. */
  readonly msLeft: number;
}

/** Counters that all nodes share; `store/` implements it. Rejects when the store does not answer. */
export interface Counters {
  /**
   * Adds to a counter in one step. Its window begins with the first addition and never moves.
   *
   * @param by negative takes back, and never below none; 0 only reads
   */
  add(name: string, by: number, windowSeconds: number): Promise<Count>;
  forget(name: string): Promise<void>;
}

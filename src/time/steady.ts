/**
 * A clock that does not go backwards while its machine's is put right by a little. A step beyond what is tolerated is
 * followed: then nothing is issued until somebody confirms the time, and what is confirmed counts.
 *
 * @param now milliseconds since 1970
 */
export function createSteadyClock(now: () => number, toleratedMs: number): () => number {
  let last = -Infinity;
  return () => {
    const read = now();
    last = last - read > toleratedMs ? read : Math.max(last, read);
    return last;
  };
}

/** Who comes while the work runs waits for the same: it never runs twice at once. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let underway: Promise<void> | undefined;
  return () => (underway ??= work().finally(() => (underway = undefined)));
}

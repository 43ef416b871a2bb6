import type { Commit, Put } from './driver.ts';

/**
 * Takes back a commit that nobody was told of, in one step, if what it wrote is still there.
 *
 * @param before what lay at its keys when it was sent; what is not named is removed
 */
export function undoing(commit: Commit, before: readonly Put[] = []): Commit {
  const [first] = commit.puts;
  const restored = new Set(before.map(({ key }) => key));
  return {
    ...commit,
    mode: 'issue',
    ...(first ? { expect: { key: first.key, value: first.value } } : {}),
    consume: [],
    puts: before,
    removes: [...commit.consume, ...commit.puts].map(({ key }) => key).filter((key) => !restored.has(key)),
  };
}

import type { Commit, Put } from './driver.ts';

/**
 * Takes back a commit that nobody was told of, in one step, if what it wrote is still there: what was put first tells.
 *
 * @param before what lay at its keys when it was sent; what is not named is removed
 * @param kept keys that stay as they are
 */
export function undoing(commit: Commit, before: readonly Put[] = [], kept: readonly string[] = []): Commit {
  const [first] = commit.puts;
  if (!first)
    throw new TypeError('a commit that puts nothing cannot be told from another, and is not undone');
  const spared = new Set([...before.map(({ key }) => key), ...kept]);
  const { kept: _kept, ...rest } = commit;
  return {
    ...rest,
    mode: 'issue',
    expect: [{ key: first.key, value: first.value }],
    consume: [],
    puts: before,
    removes: [...commit.consume, ...commit.puts].map(({ key }) => key).filter((key) => !spared.has(key)),
  };
}

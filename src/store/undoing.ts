import type { Commit } from './driver.ts';

/** Takes back a commit that nobody was told of, in one step: its markers and what it put, if that is still there. */
export function undoing(commit: Commit): Commit {
  const [first] = commit.puts;
  return {
    ...commit,
    mode: 'issue',
    ...(first ? { expect: { key: first.key, value: first.value } } : {}),
    consume: [],
    puts: [],
    removes: [...commit.consume, ...commit.puts].map(({ key }) => key),
  };
}

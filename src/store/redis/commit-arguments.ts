import type { Commit } from '../driver.ts';
import { asBuffer, millis } from './values.ts';

/** What the script is called with: how many keys, the keys, and the rest; see {@link COMMIT}. */
export type CommitArguments = [numberOfKeys: number, ...rest: (string | Uint8Array | number)[]];

const NOTHING = new Uint8Array();

/** @param deadline milliseconds since 1970 by Redis' own clock */
export function commitArguments(commit: Commit, deadline: number): CommitArguments {
  const { mode, deadKey, deadTtlSeconds, consume, puts, removes, expect } = commit;
  const keys = [
    ...[deadKey, ...consume.map(({ key }) => key), ...puts.map(({ key }) => key), ...removes],
    ...(expect ? [expect.key] : []),
  ];
  const expected = expect ? (expect.value ? 'value' : 'absent') : 'any';
  return [
    keys.length,
    ...keys,
    ...[mode, millis(deadTtlSeconds), consume.length, puts.length, removes.length],
    ...[expected, asBuffer(expect?.value ?? NOTHING), deadline],
    ...consume.map(({ ttlSeconds }) => millis(ttlSeconds)),
    ...puts.flatMap(({ value, ttlSeconds }) => [
      asBuffer(value),
      ttlSeconds === undefined ? 0 : millis(ttlSeconds),
    ]),
  ];
}

/** Which script it is: one that only ends something runs also when Redis is out of memory. */
export function commitCommand({ consume, puts }: Commit): 'gatehouseCommit' | 'gatehouseCommitEnd' {
  return consume.length === 0 && puts.length === 0 ? 'gatehouseCommitEnd' : 'gatehouseCommit';
}

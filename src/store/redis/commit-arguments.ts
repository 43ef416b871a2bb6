import type { Commit } from '../driver.ts';
import { asBuffer, millis } from './values.ts';

/** What the script is called with: how many keys, the keys, and the rest; see {@link COMMIT}. */
export type CommitArguments = [numberOfKeys: number, ...rest: (string | Uint8Array | number)[]];

const NOTHING = new Uint8Array();

/** @param deadline milliseconds since 1970 by Redis' own clock */
export function commitArguments(commit: Commit, deadline: number): CommitArguments {
  const { mode, deadKey, deadTtlSeconds, consume, puts, removes, expect = [], tells = false } = commit;
  const keys = [
    ...[deadKey, ...consume.map(({ key }) => key), ...puts.map(({ key }) => key), ...removes],
    ...expect.map(({ key }) => key),
  ];
  return [
    keys.length,
    ...keys,
    ...[mode, millis(deadTtlSeconds), consume.length, puts.length, removes.length],
    ...[expect.length, tells ? 1 : 0, deadline],
    ...expect.flatMap(({ value }) => [value ? 'value' : 'absent', asBuffer(value ?? NOTHING)]),
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

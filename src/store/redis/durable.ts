import type { ChainableCommander } from 'ioredis';

import { StoreUnavailable, type Commit, type Put } from '../driver.ts';
import { undoing } from '../undoing.ts';
import type { RedisClient } from './client.ts';
import { commitArguments, commitCommand, type CommitArguments } from './commit-arguments.ts';
import { asBuffer, millis } from './values.ts';

/** How long replicas may take (C2.6). */
const WAIT_MS = 100;
/** Taking back is right however late it comes. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/** Writes that count only once replicas have them. What too few have is taken back, and nobody is told it happened. */
export interface DurableWriter {
  commit(commit: Commit, args: CommitArguments): Promise<unknown>;
  /** Resolves when replicas have everything that was written so far to the slot of this key. */
  assure(near: string): Promise<void>;
  putIfAbsent(put: Put): Promise<boolean>;
  take(key: string): Promise<Uint8Array | undefined>;
}

/**
 * @param client a connection for nothing else: WAIT counts for the connection it is sent over, and holds it up
 * @param replicas how many must have a write
 */
export function createDurableWriter(client: RedisClient, replicas: number): DurableWriter {
  const { location } = client;
  const pipeline = (): Batch => client.pipeline() as Batch;
  const send = async (batch: ChainableCommander): Promise<{ replies: unknown[]; isSafe: boolean }> => {
    const results = (await batch.wait(replicas, WAIT_MS).exec()) ?? [];
    const [waitError, reached] = results.pop() ?? [];
    const replies = results.map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    // What was written was written, whatever became of waiting.
    return { replies, isSafe: !waitError && Number(reached) >= replicas };
  };
  const tooFew = (isSettled: boolean): StoreUnavailable =>
    new StoreUnavailable(`fewer than ${replicas} replicas of Redis at ${location} had a write in time`, {
      isSettled,
    });
  /** Puts back what was there, in one step. `false`: nobody knows how it stands now. */
  const takeBack = async (commit: Commit, before: readonly Put[]): Promise<boolean> => {
    const kept = commit.kept ?? [];
    const undo = undoing(
      commit,
      before.filter(({ key }) => !kept.includes(key)),
      kept,
    );
    const batch = pipeline()[commitCommand(undo)](...commitArguments(undo, ANY_TIME));
    const [result] = (await batch.exec().catch(() => null)) ?? [];
    return result?.[0] === null && result[1] === 'committed';
  };
  return {
    async commit(commit, args) {
      const names = commit.mode === 'issue' ? [...commit.puts.map(({ key }) => key), ...commit.removes] : [];
      const batch = pipeline();
      for (const name of names) batch.getBuffer(name).pttl(name);
      const { replies, isSafe } = await send(batch[commitCommand(commit)](...args));
      const reply = replies.pop();
      if (isSafe || !WROTE.has(reply)) return reply;
      if (staysWritten(commit) || reply === 'lost') throw tooFew(true);
      throw tooFew(await takeBack(commit, foundAt(names, replies)));
    },
    async assure(near) {
      // Replicas follow in order: what has this has all before it.
      const { isSafe } = await send(pipeline().set(`${near}:assured`, '1', 'PX', WAIT_MS));
      if (!isSafe) throw tooFew(false);
    },
    async putIfAbsent({ key, value, ttlSeconds }) {
      const bytes = asBuffer(value);
      const batch = pipeline();
      const { replies, isSafe } = await send(
        ttlSeconds === undefined
          ? batch.set(key, bytes, 'NX')
          : batch.set(key, bytes, 'PX', millis(ttlSeconds), 'NX'),
      );
      // It stays: what is remembered as seen is better remembered too long.
      if (!isSafe && replies[0] === 'OK') throw tooFew(true);
      return replies[0] === 'OK';
    },
    async take(key) {
      const { replies, isSafe } = await send(pipeline().pttl(key).getdelBuffer(key));
      const [left, value] = replies as [number, Buffer | null];
      if (value === null) return undefined;
      if (isSafe) return value;
      const batch = pipeline();
      const putBack = left > 0 ? batch.set(key, value, 'PX', left, 'NX') : batch.set(key, value, 'NX');
      const [result] = (await putBack.exec().catch(() => null)) ?? [];
      throw tooFew(result?.[0] === null);
    },
  };
}

interface Batch extends ChainableCommander {
  gatehouseCommit(...args: CommitArguments): ChainableCommander;
  gatehouseCommitEnd(...args: CommitArguments): ChainableCommander;
}

/** An end stays, of a grant or of one token: it is right on as many as have it, and whoever asked for it asks again. */
function staysWritten({ mode, consume, puts, stays }: Commit): boolean {
  return mode === 'revoke' || stays === true || (consume.length === 0 && puts.length === 0);
}

/** Also `lost` writes: a tombstone. */
const WROTE: ReadonlySet<unknown> = new Set(['committed', 'lost']);

/** What the answers to GET and PTTL say lay there. */
function foundAt(names: readonly string[], replies: readonly unknown[]): Put[] {
  return names.flatMap((key, at): Put[] => {
    const [value, msLeft] = [replies[2 * at], Number(replies[2 * at + 1])];
    if (!(value instanceof Uint8Array)) return [];
    return [{ key, value, ...(msLeft > 0 ? { ttlSeconds: msLeft / 1000 } : {}) }];
  });
}

import type { AuditRecord, AuditSink } from '../audit/index.ts';
import { signCheckpoint, type TrailKey } from './checkpoint.ts';
import { contentHash, hashOf, writeLine, type Body, type Head } from './line.ts';

/** Where the lines of one chain are added; `archive/` implements it. */
export interface TrailFile {
  /** Resolves once all of them are on disk. @throws Error when some may not be there */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
  /** Takes away a file in which no record was ever promised. */
  discard(): Promise<void>;
}

export interface TrailParts {
  /** A file of its own for a new chain. */
  readonly newFile: (chain: string) => TrailFile;
  /** The heads of the other chains there are. */
  readonly others: () => Promise<readonly Head[]>;
  /** The key that signs now, made on first use; its public half is kept before anything is signed with it. */
  readonly key: () => Promise<TrailKey>;
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told when a checkpoint could not be written; the records are there all the same. */
  readonly onFailure: (error: unknown) => void;
  /** After so many lines another chain begins; default 50,000. */
  readonly mostLines?: number;
}

/** An audit sink that keeps what it is given: `write` resolves once the record is on disk. */
export interface Trail extends AuditSink {
  /** Signs what was written since the last time. */
  checkpoint(): Promise<void>;
  /** Begins a chain, if none is; it is gone again when nothing was written. @throws Error when it cannot be */
  open(): Promise<void>;
}

/** Signed after so many records, or so long after the first that is not, whichever comes first. */
const RECORDS_TO_SIGN = 256;
const SIGN_AFTER_MS = 10_000;
/** A checkpoint says of no more lines what each of them is. */
const MOST_CONTENTS = 2048;
/** Then another chain begins, as each day does: so that a file can be read, and put away after years. */
const MOST_LINES = 50_000;
const DAY_MS = 24 * 3600 * 1000;
/** So long a chain of one line may be taken away again. */
const MOST_EMPTY_MS = 30_000;
/** Until then others do not name such a chain, since they would miss it; and name it before it is missed as unsigned. */
export const NAMED_AFTER_MS = 45_000;

interface Waiting {
  readonly record: AuditRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One chain, as far as it is on disk. */
interface Chain {
  readonly id: string;
  readonly file: TrailFile;
  readonly began: number;
  seq: number;
  prev: string;
  /** The first line since the last checkpoint. */
  since: number;
  /** What was written since then, the last of it. */
  contents: string[];
}

/**
 * Writes a chain. Records that come while others are being written go to disk together. When a write fails, nobody knows what
 * of it is there: that chain is left as it is, and the next record begins another one, which names it.
 */
export function createTrail(parts: TrailParts): Trail {
  const { mostLines = MOST_LINES } = parts;
  let chain: Chain | undefined;
  /** Where the last one that was left ended. */
  let left: Head | undefined;
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** So many lines since the last checkpoint ask for one. */
  let signAt = RECORDS_TO_SIGN;
  let running: Promise<void> = Promise.resolve();
  /** One thing at a time: the order of lines is the order of their hashes. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = running.then(work);
    running = done.catch(() => undefined);
    return done;
  };
  const append = async (bodies: readonly Body[]): Promise<void> => {
    chain ??= await begin(parts, left);
    const to = chain;
    if (bodies.length === 0) return;
    try {
      await appendTo(to, bodies);
    } catch (error) {
      await leave();
      throw error;
    }
  };
  const leave = async (): Promise<void> => {
    const old = chain;
    chain = undefined;
    if (old) left = { chain: old.id, seq: old.seq - 1, hash: old.prev };
    await old?.file.close().catch(parts.onFailure);
  };
  const discard = async (): Promise<void> => {
    await chain?.file.discard().catch(parts.onFailure);
    chain = undefined;
  };
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await append(batch.map(({ record }) => ({ record })));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
    timer ??= setTimeout(() => void checkpoint(), SIGN_AFTER_MS).unref();
    if (unsignedIn(chain) >= signAt) void checkpoint();
  };
  /** The key is asked for before: records do not wait for a store that is away, and it is not asked at each of them. */
  const checkpoint = async (isLast = false): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    signAt = unsignedIn(chain) + RECORDS_TO_SIGN;
    try {
      const key = await parts.key();
      await inTurn(() => sign(key, isLast));
      signAt = RECORDS_TO_SIGN;
    } catch (error) {
      parts.onFailure(error);
    }
  };
  const sign = async (key: TrailKey, isLast: boolean): Promise<void> => {
    if (!chain || (unsignedIn(chain) === 0 && !isLast)) return;
    const isFull = chain.seq >= mostLines || dayOf(parts.now()) !== dayOf(chain.began);
    const how = { key, isLast: isLast || isFull, now: parts.now };
    await append([{ checkpoint: await checkpointOf(chain, how) }]);
    if (isFull) await leave();
  };
  return {
    name: 'trail',
    write: (record) =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        void inTurn(flush);
      }),
    checkpoint: () => checkpoint(),
    open: () => inTurn(() => append([])),
    async close() {
      await inTurn(flush);
      if (isEmpty(chain) && parts.now() - chain.began < MOST_EMPTY_MS) await inTurn(discard);
      if (chain) await checkpoint(true);
      await inTurn(leave);
    },
  };
}

/** The line that begins it is all there is. */
const isEmpty = (chain: Chain | undefined): chain is Chain => chain?.seq === 1;
const unsignedIn = (chain: Chain | undefined): number => (chain ? chain.seq - chain.since : 0);
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/** @param left the chain before this one, which it names whatever else there is */
async function begin({ newId, newFile, others, now }: TrailParts, left: Head | undefined): Promise<Chain> {
  const id = newId();
  const known = await others();
  const isNamed = known.some(({ chain, seq }) => chain === left?.chain && seq === left.seq);
  const named = left && !isNamed ? [...known, left] : known;
  const began = now();
  const chain: Chain = { id, file: newFile(id), began, seq: 0, prev: '', since: 0, contents: [] };
  try {
    await appendTo(chain, [{ begin: { at: new Date(began).toISOString(), others: named } }]);
  } catch (error) {
    // A full disk is tried again and again: it must not be left with a file each time.
    await chain.file.discard().catch(() => undefined);
    throw error;
  }
  return chain;
}

async function appendTo(chain: Chain, bodies: readonly Body[]): Promise<void> {
  let { seq, prev } = chain;
  const lines = bodies.map((body) => {
    const text = writeLine({ chain: chain.id, seq, prev }, body);
    seq += 1;
    prev = hashOf(text);
    return text;
  });
  await chain.file.append(lines);
  const isSigned = bodies.some((body) => 'checkpoint' in body);
  const contents = isSigned ? [] : [...chain.contents, ...bodies.map(contentHash)].slice(-MOST_CONTENTS);
  Object.assign(chain, { seq, prev, contents, ...(isSigned ? { since: seq } : {}) });
}

async function checkpointOf(
  { id, seq, prev, since, contents }: Chain,
  { key, isLast, now }: { readonly key: TrailKey; readonly isLast: boolean; readonly now: () => number },
): Promise<string> {
  const said = { chain: id, seq, prev, at: new Date(now()).toISOString(), contents: contents.join('') };
  const isAll = contents.length === seq - since;
  return signCheckpoint({ ...said, ...(isAll ? {} : { since }), ...(isLast ? { last: true } : {}) }, key);
}

import type { JWK } from 'jose';

import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import {
  CONTENT_CHARACTERS,
  contentHash,
  hashOf,
  othersSeenBy,
  parseLine,
  type Head,
  type Line,
} from './line.ts';

/**
 * What was done to a chain. `edited`: a line says something else than it did; `deleted`, `inserted`, `reordered`: lines are
 * missing, strange, or in another order; `truncated`: it ends before a line that another chain, or an anchor, has seen;
 * `missing`: all of it is gone; `bad-signature`: a checkpoint was forged; `unknown-key`: the key is not among those given.
 */
export type FaultKind =
  'edited' | 'deleted' | 'inserted' | 'reordered' | 'truncated' | 'missing' | 'bad-signature' | 'unknown-key';

export interface Fault {
  readonly kind: FaultKind;
  /** The first line that is wrong, missing or too many. */
  readonly seq: number;
}

export interface ChainReport {
  readonly chain: string;
  readonly records: number;
  readonly checkpoints: number;
  /** Lines after the last checkpoint: they follow one another, and nobody has signed them. */
  readonly unsigned: number;
  /** The process stopped as it should, and said so. */
  readonly closed: boolean;
  /** The last line is not whole: the process was killed, or the disk was full. */
  readonly torn: boolean;
  readonly head?: Head;
  readonly fault?: Fault;
}

/**
 * Checks chains, each for itself and against what the others have seen of it. Any single change before the last checkpoint of
 * a chain is found, even by who can compute all hashes anew, and named by the first line it touches.
 *
 * @param chains the lines of each, by its name
 * @param keys public halves of all keys that may have signed
 * @param anchors heads that were kept elsewhere
 */
export async function verifyTrails(
  chains: ReadonlyMap<string, readonly string[]>,
  keys: readonly JWK[],
  anchors: readonly Head[] = [],
): Promise<readonly ChainReport[]> {
  const reports = await Promise.all([...chains].map(([chain, lines]) => verifyChain(chain, lines, keys)));
  const seen = [...anchors, ...[...chains.values()].flatMap(([first = '']) => othersSeenBy(first))];
  const checked = reports.map((report) => heldAgainst(report, chains.get(report.chain) ?? [], seen));
  const missing = new Map(
    seen.filter(({ chain }) => !chains.has(chain)).map((head) => [head.chain, gone(head.chain)]),
  );
  return [...checked, ...missing.values()];
}

function gone(chain: string): ChainReport {
  const nothing = { records: 0, checkpoints: 0, unsigned: 0, closed: false, torn: false };
  return { chain, ...nothing, fault: { kind: 'missing', seq: 0 } };
}

function heldAgainst(report: ChainReport, lines: readonly string[], seen: readonly Head[]): ChainReport {
  if (report.fault) return report;
  for (const { chain, seq, hash } of seen) {
    if (chain !== report.chain) continue;
    const line = lines[seq];
    if (line === undefined) return { ...report, fault: { kind: 'truncated', seq: lines.length } };
    if (hashOf(line) !== hash) return { ...report, fault: { kind: 'edited', seq } };
  }
  return report;
}

async function verifyChain(
  chain: string,
  lines: readonly string[],
  keys: readonly JWK[],
): Promise<ChainReport> {
  const parsed = lines.map(parseLine);
  const torn = lines.length > 0 && parsed.at(-1) === undefined;
  const whole = torn ? parsed.slice(0, -1) : parsed;
  const of = (kind: 'record' | 'checkpoint'): number => whole.filter((line) => line && kind in line).length;
  const last = lines[whole.length - 1];
  const signed = await verifySignatures(chain, lines, whole, keys);
  const fault = earlier(brokenLink(chain, lines, whole), signed.fault);
  return {
    chain,
    records: of('record'),
    checkpoints: of('checkpoint'),
    unsigned: whole.length - 1 - signed.signedTo,
    closed: signed.closed,
    torn,
    ...(last === undefined ? {} : { head: { chain, seq: whole.length - 1, hash: hashOf(last) } }),
    ...(fault ? { fault } : {}),
  };
}

/** Who broke the links at one place may have forged them from another on: that one is the first. */
function earlier(link: Fault | undefined, signature: Fault | undefined): Fault | undefined {
  if (!link || !signature) return link ?? signature;
  return signature.seq < link.seq ? signature : link;
}

type Lines = readonly (Line | undefined)[];

/** The first place where a line does not follow the one before it. */
function brokenLink(chain: string, texts: readonly string[], lines: Lines): Fault | undefined {
  let prev = '';
  for (const [at, line] of lines.entries()) {
    const text = texts[at] ?? '';
    if (line?.chain !== chain || line.seq !== at || line.prev !== prev)
      return diagnose(chain, texts, lines, at);
    prev = hashOf(text);
  }
  return undefined;
}

/** What happened where line `at` is not the one that belongs there. */
function diagnose(chain: string, texts: readonly string[], lines: Lines, at: number): Fault {
  const line = lines[at];
  const before = at === 0 ? '' : hashOf(texts[at - 1] ?? '');
  const fits = (candidate: number): boolean => {
    const one = lines[candidate];
    return one?.chain === chain && one.seq === at && one.prev === before;
  };
  const later = lines.findIndex((_one, index) => index > at && fits(index));
  if (later >= 0) {
    // The right line comes later: what stands before it was put in, or changed places with it.
    const moved = lines.slice(at, later).every((one) => one?.chain === chain && one.seq > at);
    return { kind: moved ? 'reordered' : 'inserted', seq: at };
  }
  if (line?.chain !== chain) return { kind: line ? 'inserted' : 'edited', seq: at };
  if (line.seq > at) return { kind: 'deleted', seq: at };
  if (line.seq < at) return { kind: 'inserted', seq: at };
  // It is in its place and does not follow: one of the two was changed. Who follows it tells which.
  const next = lines[at + 1];
  const isIntact = next === undefined || next.prev === hashOf(texts[at] ?? '');
  return { kind: 'edited', seq: isIntact && at > 0 ? at - 1 : at };
}

interface Signatures {
  /** Index of the last checkpoint that holds; -1: none. */
  readonly signedTo: number;
  readonly closed: boolean;
  readonly fault?: Fault;
}

/** Each checkpoint in its order, with what stands between it and the one before. */
async function verifySignatures(
  chain: string,
  texts: readonly string[],
  lines: Lines,
  keys: readonly JWK[],
): Promise<Signatures> {
  let signedTo = -1;
  let closed = false;
  for (const [at, line] of lines.entries()) {
    if (!line || !('checkpoint' in line)) continue;
    const read = await readCheckpoint(line.checkpoint, keys);
    if (!read.ok) return { signedTo, closed, fault: { kind: read.problem, seq: at } };
    const fault = compare(chain, texts, lines, { from: signedTo + 1, at }, read.checkpoint);
    if (fault) return { signedTo, closed, fault };
    signedTo = at;
    closed = read.checkpoint.last === true;
  }
  return { signedTo, closed };
}

/** What was signed against what stands there. */
function compare(
  chain: string,
  texts: readonly string[],
  lines: Lines,
  { from, at }: { readonly from: number; readonly at: number },
  checkpoint: Checkpoint,
): Fault | undefined {
  const signed = checkpoint.contents.match(new RegExp(`.{${CONTENT_CHARACTERS}}`, 'g')) ?? [];
  const begins = checkpoint.seq - signed.length;
  // It signs less than what nobody has signed before: the checkpoint for the rest is gone.
  if (begins > from) return { kind: 'deleted', seq: begins - 1 };
  const found = lines.slice(from, at).map((line) => (line ? contentHash(line) : ''));
  const first = found.findIndex((hash, index) => hash !== signed[index]);
  if (first >= 0 || found.length !== signed.length) {
    const place = first >= 0 ? first : found.length;
    return { kind: changeAt(place, found, signed), seq: from + place };
  }
  const isHere = checkpoint.chain === chain && checkpoint.seq === at;
  const follows = checkpoint.prev === hashOf(texts[at - 1] ?? '');
  // The same words in another chain of hashes: who did it changed what holds the lines together.
  return isHere && follows ? undefined : (brokenLink(chain, texts, lines) ?? { kind: 'edited', seq: from });
}

/** One change turned what was signed into what is found: which, seen from the first difference. */
function changeAt(place: number, found: readonly string[], signed: readonly string[]): FaultKind {
  if (found.length < signed.length) return 'deleted';
  if (found.length > signed.length) return 'inserted';
  const same = found.toSorted().join() === signed.toSorted().join();
  return same && place < found.length ? 'reordered' : 'edited';
}

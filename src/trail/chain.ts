import type { JWK } from 'jose';

import { brokenLink, type Fault, type Lines } from './fault.ts';
import { hashOf, parseLine, type Head } from './line.ts';
import { verifySignatures } from './signatures.ts';

/** What a later chain, or an anchor, says that a line of this one was. */
export interface Claim {
  readonly head: Head;
  /** The chain that says so; absent: an anchor, which was kept elsewhere. */
  readonly by?: string;
}

/** Lines at the end of a chain that nothing proves yet. */
export interface Tail {
  readonly lines: number;
  /** Between the first and the last of these records. */
  readonly ms: number;
}

/** A chain, looked at by itself. */
export interface ChainLook {
  readonly chain: string;
  readonly records: number;
  readonly checkpoints: number;
  readonly closed: boolean;
  readonly torn: boolean;
  readonly kids: readonly string[];
  readonly head?: Head;
  readonly fault?: Fault;
  /** When it began and when its last record is from, milliseconds since 1970; not a number where nothing says so. */
  readonly beganAt: number;
  readonly lastAt: number;
  /** Line of the last checkpoint that holds; -1: none. */
  readonly signedTo: number;
  /** Claims that hold, of each who says so the one that reaches farthest. */
  readonly held: readonly Claim[];
  /** What is left after that line; of all that {@link signedTo} and {@link held} name. */
  readonly tails: ReadonlyMap<number, Tail>;
}

/** @param claims about this chain */
export async function lookAtChain(
  chain: string,
  texts: readonly string[],
  keys: readonly JWK[],
  claims: readonly Claim[],
): Promise<ChainLook> {
  const parsed = texts.map(parseLine);
  const torn = texts.length > 0 && parsed.at(-1) === undefined;
  const lines = torn ? parsed.slice(0, -1) : parsed;
  const of = (kind: 'record' | 'checkpoint'): number => lines.filter((line) => line && kind in line).length;
  const { signedTo, closed, kids, fault: signed } = await verifySignatures(chain, texts, lines, keys);
  const fault = earlier(brokenLink(chain, texts, lines), signed) ?? contradicted(texts, claims);
  const last = texts[lines.length - 1];
  const held = fault ? [] : tellingMost(claims);
  const places = [signedTo, ...held.map(({ head }) => head.seq)];
  return {
    ...{ chain, records: of('record'), checkpoints: of('checkpoint'), closed, torn, kids, signedTo, held },
    ...{ beganAt: timeOf(lines[0]), lastAt: timeOf(lines.findLast((line) => timeOf(line) >= 0)) },
    ...(last === undefined ? {} : { head: { chain, seq: lines.length - 1, hash: hashOf(last) } }),
    ...(fault ? { fault } : {}),
    tails: new Map(places.map((place) => [place, tailAfter(lines, place)])),
  };
}

/** Somebody who keeps every event that was sent has as many anchors as there are records. */
function tellingMost(claims: readonly Claim[]): readonly Claim[] {
  const most = new Map<string | undefined, Claim>();
  for (const claim of claims) {
    const { seq = -1 } = most.get(claim.by)?.head ?? {};
    if (claim.head.seq > seq) most.set(claim.by, claim);
  }
  return [...most.values()];
}

/** Who broke the links at one place may have forged them from another on: that one is the first. */
function earlier(link: Fault | undefined, signature: Fault | undefined): Fault | undefined {
  if (!link || !signature) return link ?? signature;
  return signature.seq < link.seq ? signature : link;
}

function contradicted(texts: readonly string[], claims: readonly Claim[]): Fault | undefined {
  for (const {
    head: { seq, hash },
  } of claims) {
    const text = texts[seq];
    if (text === undefined) return { kind: 'truncated', seq: texts.length };
    if (hashOf(text) !== hash) return { kind: 'edited', seq };
  }
  return undefined;
}

/** When a line is from, where it says so. */
function timeOf(line: Lines[number]): number {
  if (line && 'record' in line) return Date.parse(line.record.recorded);
  return line && 'begin' in line ? Date.parse(line.begin.at) : NaN;
}

function tailAfter(lines: Lines, seq: number): Tail {
  const tail = lines.slice(seq + 1);
  const times = tail.map(timeOf).filter((time) => time >= 0);
  const ms = Math.abs((times.at(-1) ?? 0) - (times[0] ?? 0));
  return { lines: tail.length, ms };
}

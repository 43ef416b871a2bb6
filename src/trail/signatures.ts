import type { JWK } from 'jose';

import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import { brokenLink, type Fault, type FaultKind, type Lines } from './fault.ts';
import { CONTENT_CHARACTERS, contentHash, hashOf } from './line.ts';

export interface Signatures {
  /** The keys that signed it. */
  readonly kids: readonly string[];
  /** Index of the last checkpoint that holds; -1: none. */
  readonly signedTo: number;
  readonly closed: boolean;
  readonly fault?: Fault;
}

/** Each checkpoint in its order, with what stands between it and the one before. */
export async function verifySignatures(
  chain: string,
  texts: readonly string[],
  lines: Lines,
  keys: readonly JWK[],
): Promise<Signatures> {
  let signedTo = -1;
  let closed = false;
  const kids = new Set<string>();
  const soFar = () => ({ signedTo, closed, kids: [...kids] });
  for (const [at, line] of lines.entries()) {
    if (!line || !('checkpoint' in line)) continue;
    const read = await readCheckpoint(line.checkpoint, keys);
    if (!read.ok) return { ...soFar(), fault: { kind: read.problem, seq: at } };
    const fault = compare(chain, texts, lines, { from: signedTo + 1, at }, read.checkpoint);
    if (fault) return { ...soFar(), fault };
    kids.add(read.kid);
    signedTo = at;
    closed = read.checkpoint.last === true;
  }
  return soFar();
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
  const since = checkpoint.since ?? begins;
  if (since > from) return { kind: 'deleted', seq: since - 1 };
  // Of many it says what the last are, and by their hashes holds all.
  const shown = checkpoint.since === undefined ? from : Math.max(from, begins);
  const found = lines.slice(shown, at).map((line) => (line ? contentHash(line) : ''));
  const first = found.findIndex((hash, index) => hash !== signed[index]);
  if (first >= 0 || found.length !== signed.length) {
    const place = first >= 0 ? first : found.length;
    return { kind: changeAt(place, found, signed), seq: shown + place };
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

import { hashOf, type Line } from './line.ts';

/**
 * What was done to a chain. `edited`: a line says something else than it did; `deleted`, `inserted`, `reordered`: lines are
 * missing, strange, or in another order; `truncated`: it ends before a line that another chain, or an anchor, has seen;
 * `missing`: all of it is gone; `bad-signature`: a checkpoint was forged; `unknown-key`: the key is not among those given;
 * `unsigned`: so much is not signed that checkpoints were taken away, or no key was to be had for long.
 */
export type FaultKind =
  | ('edited' | 'deleted' | 'inserted' | 'reordered' | 'truncated' | 'missing')
  | ('bad-signature' | 'unknown-key' | 'unsigned');

export interface Fault {
  readonly kind: FaultKind;
  /** The first line that is wrong, missing or too many. */
  readonly seq: number;
}

/** `undefined` where a text is no line. */
export type Lines = readonly (Line | undefined)[];

/** The first place where a line does not follow the one before it. */
export function brokenLink(chain: string, texts: readonly string[], lines: Lines): Fault | undefined {
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
    // What stands in its own place as well is a copy.
    const isCopy = texts.slice(at, later).some((text) => texts.lastIndexOf(text) > later);
    return { kind: moved && !isCopy ? 'reordered' : 'inserted', seq: at };
  }
  if (line?.chain !== chain) return { kind: line ? 'inserted' : 'edited', seq: at };
  if (line.seq > at) return { kind: 'deleted', seq: at };
  if (line.seq < at) return { kind: 'inserted', seq: at };
  // It is in its place and does not follow: one of the two was changed. Who follows it tells which.
  const next = lines[at + 1];
  const isIntact = next === undefined || next.prev === hashOf(texts[at] ?? '');
  return { kind: 'edited', seq: isIntact && at > 0 ? at - 1 : at };
}

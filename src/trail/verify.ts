import type { JWK } from 'jose';

import { lookAtChain, type ChainLook, type Claim, type Tail } from './chain.ts';
import type { Fault } from './fault.ts';
import { othersSeenBy, type Head } from './line.ts';

export interface ChainReport extends Pick<
  ChainLook,
  'chain' | 'records' | 'checkpoints' | 'closed' | 'torn' | 'kids' | 'head'
> {
  /**
   * Lines at the end that nothing proves yet: no checkpoint follows them, no chain that is signed names what follows them, and
   * no anchor does. Who can write files could have written them.
   */
  readonly unsigned: number;
  readonly fault?: Fault;
}

type Each<Value> = Iterable<readonly [string, Value]> | AsyncIterable<readonly [string, Value]>;

/** An audit log, chain by chain: there may be more of it than fits into memory. */
export interface TrailSource {
  /** The first line of each chain, by its name. */
  firstLines(): Each<string>;
  /** The lines of each chain, by its name. */
  chains(): Each<readonly string[]>;
  /** Is this chain older than what is looked at? It may have been put away, and nobody misses it. */
  isBefore?(chain: string): boolean;
}

/** A checkpoint is due after ten seconds or 256 records: no more than this is without one unless something is wrong. */
const MOST_UNSIGNED_MS = 60_000;
const MOST_UNSIGNED_LINES = 5000;

/**
 * Checks chains, each for itself and against what the others have seen of it. Any single change before the last checkpoint of
 * a chain is found, even by who can compute all hashes anew, and named by the first line it touches; so is a log whose
 * checkpoints were taken away.
 *
 * @param keysNow public halves of all keys that may have signed; asked after each chain was read, since a log that is still
 * being written may get a key meanwhile
 * @param anchors heads that were kept elsewhere
 */
export async function verifyTrails(
  source: TrailSource,
  keysNow: () => Promise<readonly JWK[]>,
  anchors: readonly Head[] = [],
): Promise<readonly ChainReport[]> {
  const claims = new Map<string, Claim[]>();
  const claim = (one: Claim): void => {
    if (source.isBefore?.(one.head.chain)) return;
    const { chain } = one.head;
    const known = claims.get(chain);
    if (known) known.push(one);
    else claims.set(chain, [one]);
  };
  for (const head of anchors) claim({ head });
  for await (const [by, first] of source.firstLines())
    for (const head of othersSeenBy(first)) claim({ head, by });
  const looks: ChainLook[] = [];
  let keys: readonly JWK[] = [];
  for await (const [chain, lines] of source.chains()) {
    keys = await keysNow();
    looks.push(await lookAtChain(chain, lines, keys, claims.get(chain) ?? []));
    claims.delete(chain);
  }
  const proven = provenIn(looks);
  const lastBegin = looks
    .filter(({ chain }) => (proven.get(chain) ?? -1) >= 0)
    .reduce((latest, { beganAt }) => Math.max(latest, beganAt || 0), 0);
  return [
    ...looks.map((look) => {
      const tail = look.tails.get(proven.get(look.chain) ?? -1) ?? { lines: 0, ms: 0 };
      const isSuspect = keys.length > 0 && isTooMuch(tail, look, lastBegin);
      return reportOf(look, tail, isSuspect);
    }),
    ...[...claims.keys()].map(gone),
  ];
}

/**
 * The line up to which each chain is proven: by a checkpoint of its own, by an anchor, or by a chain that names it and whose
 * own first line is proven.
 */
function provenIn(looks: readonly ChainLook[]): ReadonlyMap<string, number> {
  const proven = new Map(looks.map(({ chain, signedTo }) => [chain, signedTo]));
  const isProven = ({ by }: Claim): boolean => by === undefined || (proven.get(by) ?? -1) >= 0;
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const { chain, held } of looks.toReversed()) {
      const before = proven.get(chain) ?? -1;
      const seqs = held.filter(isProven).map(({ head }) => head.seq);
      const now = seqs.reduce((one, other) => Math.max(one, other), before);
      isNew ||= now > before;
      proven.set(chain, now);
    }
  }
  return proven;
}

/**
 * More than there is between two checkpoints; or a chain that went silent before another one began, which would have named its
 * end, had it been there.
 */
function isTooMuch({ ms, lines }: Tail, { lastAt }: ChainLook, lastBegin: number): boolean {
  const isUnnamed = lines > 0 && lastBegin - lastAt > MOST_UNSIGNED_MS;
  return ms > MOST_UNSIGNED_MS || lines > MOST_UNSIGNED_LINES || isUnnamed;
}

function reportOf(
  { chain, records, checkpoints, closed, torn, kids, head, fault }: ChainLook,
  tail: Tail,
  isSuspect: boolean,
): ChainReport {
  const found = fault ?? (isSuspect ? unsignedAfter(head, tail) : undefined);
  return {
    ...{ chain, records, checkpoints, closed, torn, kids, unsigned: tail.lines },
    ...(head ? { head } : {}),
    ...(found ? { fault: found } : {}),
  };
}

function unsignedAfter(head: Head | undefined, { lines }: Tail): Fault {
  return { kind: 'unsigned', seq: (head?.seq ?? 0) + 1 - lines };
}

function gone(chain: string): ChainReport {
  const nothing = { records: 0, checkpoints: 0, unsigned: 0, closed: false, torn: false, kids: [] };
  return { chain, ...nothing, fault: { kind: 'missing', seq: 0 } };
}

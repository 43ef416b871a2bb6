import type { Counters } from './counters.ts';
import { createLimiter, type Limiter } from './limiter.ts';

/** All of them are so many a minute. */
export const LIMIT_WINDOW_SECONDS = 60;
/** A healthy store answers in a hundredth of it; a store that is away may not make the request wait twice. */
const PATIENCE_MS = 150;
const LONGEST_NAME = 100;

const LIMITS = [
  'tokensPerClient',
  'introspectionsPerClient',
  'launchesPerEhr',
  'authorizationsPerAddress',
  'failuresPerAddress',
] as const;
export type LimitName = (typeof LIMITS)[number];

/** Where nothing is given back, a process need not ask twice whether the limit was met. */
const REMEMBERED: ReadonlySet<LimitName> = new Set(['authorizationsPerAddress', 'failuresPerAddress']);

export interface RequestLimitsParts {
  /** How many a minute; 0: no limit. */
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly counters: Counters;
  /** Told when something could not be counted. Then nobody is refused: the request finds out by itself. */
  readonly onFailure: (error: unknown) => void;
  /** Told of each request that is refused. */
  readonly onRefused: (limit: LimitName) => void;
  /** Told once when somebody has used a limit up, however many requests are refused after it. */
  readonly onReached: (limit: LimitName, whose: string) => void;
}

/** The limits in front of the endpoints, for all nodes together. Every number is seconds to wait; 0: go on. */
export interface RequestLimits {
  isOff(limit: LimitName): boolean;
  /** Counts one more. One round trip at most, and none where the limit is off. */
  take(limit: LimitName, whose: string): Promise<number>;
  /** From what this process has seen; asks nobody. Whoever has to wait is refused, and counted as such. */
  known(limit: LimitName, whose: string): number;
  /** The same for a look only: somebody else refuses. */
  peek(limit: LimitName, whose: string): number;
  /** Counts one more, when its request is answered already: nobody waits. */
  note(limit: LimitName, whose: string): void;
  /** Takes one back that should not have counted; nobody waits. */
  giveBack(limit: LimitName, whose: string): void;
}

export function createRequestLimits(parts: RequestLimitsParts): RequestLimits {
  const { limits, counters, onFailure, onRefused, onReached } = parts;
  const limiters = new Map<LimitName, Limiter>(
    LIMITS.filter((name) => limits[name] > 0).map((name) => [
      name,
      createLimiter(counters, {
        name,
        points: limits[name],
        windowSeconds: LIMIT_WINDOW_SECONDS,
        remembers: REMEMBERED.has(name),
      }),
    ]),
  );
  const refused = (limit: LimitName, waitSeconds: number): number => {
    if (waitSeconds > 0) onRefused(limit);
    return waitSeconds;
  };
  const count = async (limit: LimitName, whose: string): Promise<number> => {
    const verdict = await limiters.get(limit)?.take(whose).catch(onFailure);
    if (verdict?.isLast) onReached(limit, whose.slice(0, LONGEST_NAME));
    return verdict?.waitSeconds ?? 0;
  };
  return {
    isOff: (limit) => !limiters.has(limit),
    take: async (limit, whose) =>
      limiters.has(limit) ? refused(limit, await within(PATIENCE_MS, count(limit, whose))) : 0,
    known: (limit, whose) => refused(limit, limiters.get(limit)?.known(whose) ?? 0),
    peek: (limit, whose) => limiters.get(limit)?.known(whose) ?? 0,
    note: (limit, whose) => void count(limit, whose),
    giveBack: (limit, whose) => void limiters.get(limit)?.giveBack(whose).catch(onFailure),
  };
}

/** What was asked, or 0 when that takes too long. */
async function within(ms: number, asked: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, ms, 0);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { performance } from 'node:perf_hooks';

import { oneAtATime } from '../oauth/index.ts';
import {
  judge,
  learn,
  type Known,
  type Moment,
  type StoreClock,
  type TimeLimits,
  type Verdict,
} from './judge.ts';
import type { ServersAnswer } from './servers.ts';
import type { TimeStamp } from './stamp.ts';

export interface TimeWatchParts {
  readonly limits: TimeLimits;
  readonly everyMs: number;
  /** Absent: there are no time servers. */
  readonly askServers?: () => Promise<ServersAnswer>;
  /** The clocks of the store. May reject: the store is away. */
  readonly askStores: () => Promise<readonly StoreClock[]>;
  /** Changes whenever another server of the store may answer. */
  readonly connection: () => number;
  /** What records are dated by; milliseconds since 1970. */
  readonly now: () => number;
  /** Told of each verdict that is another one than that before; `undefined` before the first. */
  readonly onChange: (verdict: Verdict, before: Verdict | undefined) => void;
  /** Told after each look. */
  readonly onLook?: (verdict: Verdict) => void;
  readonly moment?: () => Moment;
}

export interface TimeWatch {
  /** What is known at this moment; asks nobody. */
  verdict(): Verdict;
  /** Looks anew where something has changed since the last look. Says why nothing may be issued; `undefined`: it may. */
  mayIssue(): Promise<Verdict['wrong']>;
  /** Does somebody else say that our clock is right? */
  isConfirmed(): boolean;
  stamp(): TimeStamp;
  /** The first look; then one every so often. */
  start(): Promise<void>;
  stop(): void;
}

/** The machine's clock, also where somebody puts another one in the place of `Date` later. */
const wallClock = Date.now.bind(Date);
const BEFORE_FIRST: Verdict = { source: 'system' };

export function watchTime(parts: TimeWatchParts): TimeWatch {
  const { limits, askServers, askStores, connection, onChange, moment = momentNow } = parts;
  let known: Known | undefined;
  let told: Verdict | undefined;
  let seen: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const verdict = (): Verdict => (known ? judge(known, moment(), limits) : BEFORE_FIRST);
  const tell = (): Verdict => {
    const next = verdict();
    if (isNews(next, told)) onChange(next, told);
    told = next;
    return next;
  };
  const look = async (asksServers: boolean): Promise<void> => {
    const at = connection();
    const [servers, stores] = await Promise.all([
      asksServers ? askServers?.() : undefined,
      askStores().catch(() => undefined),
    ]);
    known = learn(known, { moment: moment(), servers, stores }, limits);
    if (stores) seen = at;
    parts.onLook?.(tell());
  };
  const lookAround = oneAtATime(() => look(true));
  // Whoever cannot reach the store tries it often; time servers are not to feel it.
  const lookAtStores = oneAtATime(() => look(false));
  const hasMoved = (): boolean =>
    known !== undefined && Math.abs(moment().aheadMs - known.moment.aheadMs) > MOVED_MS;
  return {
    verdict,
    async mayIssue() {
      if (hasMoved()) await lookAround();
      else if (seen !== connection()) await lookAtStores();
      return tell().wrong;
    },
    isConfirmed: () => {
      const { source, wrong } = verdict();
      return source !== 'system' && (wrong === undefined || wrong.code === 'skew');
    },
    stamp: () => {
      const { source, offsetMs } = verdict();
      return {
        recorded: new Date(parts.now()).toISOString(),
        timeSource: source,
        ...(offsetMs === undefined ? {} : { offsetMs }),
      };
    },
    async start() {
      await lookAround();
      timer = setInterval(() => void lookAround(), parts.everyMs).unref();
    },
    stop: () => clearInterval(timer),
  };
}

/** More than any clock drifts between two looks: somebody has set it, and whoever is asked now may say otherwise. */
const MOVED_MS = 250;

function isNews({ source, wrong }: Verdict, told: Verdict | undefined): boolean {
  return told?.source !== source || told.wrong?.code !== wrong?.code;
}

function momentNow(): Moment {
  const monotonicMs = performance.now();
  return { monotonicMs, aheadMs: wallClock() - monotonicMs };
}

import type { TimeSource } from './stamp.ts';

/** The limits of the section `time` of the configuration. */
export interface TimeLimits {
  readonly maxSkewMs: number;
  readonly redisMaxSkewMs: number;
  readonly holdoverS: number;
  /** Are there time servers to confirm the clock? */
  readonly hasServers: boolean;
}

/** The clock of one server of the store. `aheadMs`: how far it is ahead of our monotonic clock. */
export interface StoreClock {
  readonly at: string;
  readonly aheadMs: number;
}

/** A moment by our two clocks, in milliseconds. */
export interface Moment {
  readonly monotonicMs: number;
  /** How far the machine's clock is ahead of the monotonic one: it changes only where that clock is set. */
  readonly aheadMs: number;
}

/** What one look around has found. */
export interface Look {
  readonly moment: Moment;
  /** `undefined`: they were not asked. */
  readonly servers: { readonly ok: true; readonly aheadMs: number } | Silence | undefined;
  /** `undefined`: the store does not answer. */
  readonly stores: readonly StoreClock[] | undefined;
}

type Silence = { readonly ok: false; readonly why: string };

/** What is known of the time since the last look. */
export interface Known {
  readonly moment: Moment;
  /** The true time, and when time servers said so. */
  readonly confirmed?: { readonly aheadMs: number; readonly atMs: number };
  /** Why they say nothing now. */
  readonly silence?: string;
  readonly stores: readonly StoreClock[];
  /** So many good looks it takes until a clock that jumped is believed, where nobody else knows the time. */
  readonly doubts: number;
}

export type WrongCode = 'offset' | 'skew' | 'jump' | 'unconfirmed' | 'holdover-over';

export interface Verdict {
  readonly source: TimeSource;
  /** How far our clock is ahead of the true time, as far as that is known. */
  readonly offsetMs?: number;
  /** How far it is ahead of that clock of the store which is farthest from it. */
  readonly skewMs?: number;
  /** Why nothing may be issued by this clock; absent: it may. */
  readonly wrong?: { readonly code: WrongCode; readonly reason: string };
}

const LOOKS_AFTER_JUMP = 3;

/**
 * Takes in what a look has found.
 *
 *     time servers   confirmed ──silent──▶ hold-over ──for holdoverS──▶ refused
 *                        ▲                     │ one answers               │
 *                        └─────────────────────┴───────────────────────────┘
 *     none           believed ──jump──▶ doubted ──the store agrees, or three looks without a jump──▶ believed
 */
export function learn(
  known: Known | undefined,
  { moment, servers, stores }: Look,
  limits: TimeLimits,
): Known {
  const confirmed = servers?.ok ? { aheadMs: servers.aheadMs, atMs: moment.monotonicMs } : known?.confirmed;
  const heard = stores ?? known?.stores ?? [];
  const silence = servers === undefined ? known?.silence : servers.ok ? undefined : servers.why;
  return {
    moment,
    stores: heard,
    doubts: doubtsAfter(known, moment, stores, limits),
    ...(confirmed ? { confirmed } : {}),
    ...(silence === undefined ? {} : { silence }),
  };
}

function doubtsAfter(
  known: Known | undefined,
  moment: Moment,
  stores: readonly StoreClock[] | undefined,
  { maxSkewMs, hasServers }: TimeLimits,
): number {
  // Another clock shows by itself whether ours is right.
  if (hasServers || (stores?.length ?? 0) > 0 || !known) return 0;
  if (hasJumped(known, moment, maxSkewMs)) return LOOKS_AFTER_JUMP;
  return Math.max(0, known.doubts - 1);
}

/** What is known, at this moment: the clock may have been set since. */
export function judge(known: Known, moment: Moment, limits: TimeLimits): Verdict {
  const { confirmed, silence, stores } = known;
  const offsetMs = confirmed && round(moment.aheadMs - confirmed.aheadMs);
  const skews = stores.map(({ at, aheadMs }) => ({ at, ms: round(moment.aheadMs - aheadMs) }));
  const worst = skews.toSorted((one, other) => Math.abs(other.ms) - Math.abs(one.ms))[0];
  const wrong =
    (limits.hasServers ? wrongByServers(known, offsetMs, moment, limits) : undefined) ??
    wrongByStore(worst, limits) ??
    wrongByJump(known, moment, limits);
  return {
    source: confirmed ? (silence === undefined ? 'ntp' : 'holdover') : 'system',
    ...(offsetMs === undefined ? {} : { offsetMs }),
    ...(worst ? { skewMs: worst.ms } : {}),
    ...(wrong ? { wrong } : {}),
  };
}

type Wrong = NonNullable<Verdict['wrong']>;

function wrongByServers(
  { confirmed, silence = '' }: Known,
  offsetMs: number | undefined,
  { monotonicMs }: Moment,
  { maxSkewMs, holdoverS }: TimeLimits,
): Wrong | undefined {
  if (!confirmed || offsetMs === undefined)
    return { code: 'unconfirmed', reason: `no time server has confirmed the clock yet: ${silence}` };
  if (Math.abs(offsetMs) > maxSkewMs)
    return { code: 'offset', reason: `the clock of this machine is ${apart(offsetMs)} the time servers` };
  if (monotonicMs - confirmed.atMs > holdoverS * 1000)
    return {
      code: 'holdover-over',
      reason: `no time server has confirmed the clock for more than ${holdoverS} s: ${silence}`,
    };
  return undefined;
}

function wrongByStore(
  worst: { readonly at: string; readonly ms: number } | undefined,
  { redisMaxSkewMs }: TimeLimits,
): Wrong | undefined {
  if (!worst || Math.abs(worst.ms) <= redisMaxSkewMs) return undefined;
  return {
    code: 'skew',
    reason: `the clock of this machine is ${apart(worst.ms)} that of Redis at ${worst.at}`,
  };
}

function wrongByJump(known: Known, moment: Moment, { hasServers, maxSkewMs }: TimeLimits): Wrong | undefined {
  if (hasServers || known.stores.length > 0) return undefined;
  if (known.doubts === 0 && !hasJumped(known, moment, maxSkewMs)) return undefined;
  return { code: 'jump', reason: 'the clock of this machine was set, and nobody has confirmed the new time' };
}

function hasJumped(known: Known, { aheadMs }: Moment, maxSkewMs: number): boolean {
  return Math.abs(aheadMs - known.moment.aheadMs) > maxSkewMs;
}

function apart(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s ${ms > 0 ? 'ahead of' : 'behind'}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

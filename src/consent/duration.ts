import type { EpochSeconds } from '../oauth/index.ts';

const DAY = 86_400;

/** How long a person may let an app keep coming back, in days; `undefined`: until somebody stops it. */
const DAYS = { '30-days': 30, '1-year': 365, 'until-stopped': undefined } as const;

export const DURATIONS = Object.keys(DAYS) as (keyof typeof DAYS)[];
export type Duration = keyof typeof DAYS;

export interface DurationPolicy {
  /** What is offered, in this order. */
  readonly durations: readonly Duration[];
  /** What is chosen until a person chooses. */
  readonly preselected: Duration;
}

/** One of what a person may choose. */
export interface DurationChoice {
  /** What the form posts. */
  readonly value: string;
  readonly days?: number;
  readonly checked: boolean;
}

/** The longest an app may be allowed at once has a name of its own, where none of the usual ones is as long. */
const AS_LONG_AS_IT_MAY = 'longest';

/**
 * What a person may choose for an app; never empty, and one of them is chosen.
 *
 * @param mostDays the app's own limit; `undefined`: none
 */
export function durationsFor(
  { durations, preselected }: DurationPolicy,
  mostDays: number | undefined,
): DurationChoice[] {
  const most = mostDays ?? Infinity;
  const usual = durations.filter((name) => (DAYS[name] ?? Infinity) <= most);
  const isThere = mostDays === undefined || usual.some((name) => DAYS[name] === mostDays);
  const all: Omit<DurationChoice, 'checked'>[] = [
    ...usual.map((value) => ({ value, ...daysOf(DAYS[value]) })),
    ...(isThere ? [] : [{ value: AS_LONG_AS_IT_MAY, ...daysOf(mostDays) }]),
  ];
  const named = all.findIndex(({ value }) => value === preselected);
  // The nearest to what would be chosen otherwise.
  const chosen = named >= 0 ? named : all.length - 1;
  return all.map((one, at) => ({ ...one, checked: at === chosen }));
}

function daysOf(days: number | undefined): { readonly days?: number } {
  return days === undefined ? {} : { days };
}

/** When access of so many days ends; `undefined`: nobody knows. */
export function endOf({ days }: Pick<DurationChoice, 'days'>, now: EpochSeconds): EpochSeconds | undefined {
  return days === undefined ? undefined : now + days * DAY;
}

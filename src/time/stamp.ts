/** By which clock: the machine's own, one that time servers confirm, or one that they confirmed a while ago. */
export type TimeSource = 'system' | 'ntp' | 'holdover';

/** When something was done, in UTC with milliseconds, and by which clock (SEC-2). */
export interface TimeStamp {
  readonly recorded: string;
  readonly timeSource: TimeSource;
  /** How far that clock is ahead of the time servers, in milliseconds; absent: they have not said. */
  readonly offsetMs?: number;
}

/** By the clock of the machine, which nobody confirms. */
export function systemStamp(): TimeStamp {
  return { recorded: new Date().toISOString(), timeSource: 'system' };
}

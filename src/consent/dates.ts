import type { EpochSeconds } from '../oauth/index.ts';

const DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

/** As people read it: `20 March 2008`. */
export function dateOf(seconds: EpochSeconds): string {
  return DATE.format(new Date(seconds * 1000));
}

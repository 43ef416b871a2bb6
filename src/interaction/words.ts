const DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

/** `2008-03-20` → `20 March 2008`; a year or a year and month alone stay as they are. */
export function inWords(date: string | undefined): string | undefined {
  if (date === undefined || !/^\d{4}-\d{2}-\d{2}/.test(date)) return date;
  return DATE.format(new Date(`${date.slice(0, 10)}T00:00:00Z`));
}

export function dateOf(epochSeconds: number): string {
  return DATE.format(new Date(epochSeconds * 1000));
}

const SEXES: Readonly<Record<string, string>> = { female: 'female', male: 'male', other: 'other' };

export function sexInWords(sex: string | undefined): string | undefined {
  return sex === undefined ? undefined : SEXES[sex];
}

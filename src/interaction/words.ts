import { dateOf } from '../consent/index.ts';

/** `2008-03-20` → `20 March 2008`; a year or a year and month alone stay as they are. */
export function inWords(date: string | undefined): string | undefined {
  if (date === undefined || !/^\d{4}-\d{2}-\d{2}/.test(date)) return date;
  return dateOf(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / 1000);
}

const SEXES: Readonly<Record<string, string>> = { female: 'female', male: 'male', other: 'other' };

export function sexInWords(sex: string | undefined): string | undefined {
  return sex === undefined ? undefined : SEXES[sex];
}

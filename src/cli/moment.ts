import { UserError } from './explain.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * What somebody wrote as a day or a moment (UTC), in milliseconds since 1970; `undefined` where nothing.
 *
 * @param option names it in what is said
 * @param isEnd a day alone is meant to its end
 * @throws UserError when it is neither
 */
export function momentOf(option: string, text: string | undefined, isEnd = false): number | undefined {
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const moment = isDay || /^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(moment))
    throw new UserError(
      `${option}: write it as 2026-11-26 or 2026-11-26T10:00:00Z, not ${JSON.stringify(text)}`,
    );
  return isDay && isEnd ? moment + DAY_MS : moment;
}

import { IntlMessageFormat, type FormatXMLElementFn } from 'intl-messageformat';

import type { EpochSeconds } from '../oauth/index.ts';
import type { MessageFile, MessageKey, Values } from './messages.ts';

/** What may stand around words in a message: `<bdi>` keeps a name's own writing direction apart from the sentence's. */
const MARKS = ['b', 'bdi', 'ltr', 'hidden'] as const;
export type Mark = (typeof MARKS)[number];

/** A language that people are spoken to in. */
export interface Language {
  /** BCP 47, as in `lang`. */
  readonly tag: string;
  readonly direction: 'ltr' | 'rtl';
  /** What the language calls itself. */
  readonly name: string;
  /** A message as plain text. */
  readonly say: (key: MessageKey, values?: Values) => string;
  /** A message whose marks are drawn by the caller, who makes values safe for where they go. */
  draw(key: MessageKey, values: Values, marks: Readonly<Record<Mark, (inside: string) => string>>): string;
  knows(key: string): key is MessageKey;
  /** `20 March 2008`, where the organisation is. */
  readonly date: (at: EpochSeconds) => string;
  /** `20 March 2008 at 14:05 UTC`, where the organisation is. */
  readonly moment: (at: EpochSeconds) => string;
  /** A day of the calendar, the same everywhere: `2008-03-20` → `20 March 2008`. */
  readonly day: (date: string) => string;
  /** `one, two and three`, or `or`. */
  readonly list: (items: readonly string[], type?: 'conjunction' | 'disjunction') => string;
}

/**
 * @param timeZone of days and times, as IANA names it; default: UTC
 * @throws {SyntaxError} when it comes to a message that is no ICU message
 */
export function createLanguage({ tag, locale, name, messages }: MessageFile, timeZone = 'UTC'): Language {
  const compiled = new Map<MessageKey, IntlMessageFormat>();
  const messageFor = (key: MessageKey): IntlMessageFormat => {
    let message = compiled.get(key);
    if (!message) {
      message = new IntlMessageFormat(messages[key], locale);
      compiled.set(key, message);
    }
    return message;
  };
  const inDays = { day: 'numeric', month: 'long', year: 'numeric' } as const;
  const dates = new Intl.DateTimeFormat(locale, { ...inDays, timeZone });
  const days = new Intl.DateTimeFormat(locale, { ...inDays, timeZone: 'UTC' });
  const times = { hour: 'numeric', minute: '2-digit', timeZoneName: 'short' } as const;
  const moments = new Intl.DateTimeFormat(locale, { ...inDays, ...times, timeZone });
  return {
    tag,
    name,
    direction: directionOf(locale),
    say: (key, values = {}) => String(messageFor(key).format({ ...values })),
    draw(key, values, marks) {
      const all: Record<string, string | number | FormatXMLElementFn<string>> = { ...values };
      for (const mark of MARKS) all[mark] = (inside) => marks[mark](inside.join(''));
      return [messageFor(key).format<string>(all)].flat().join('');
    },
    knows: (key): key is MessageKey => Object.hasOwn(messages, key),
    date: (at) => dates.format(new Date(at * 1000)),
    moment: (at) => moments.format(new Date(at * 1000)),
    day: (date) => days.format(new Date(`${date}T00:00:00Z`)),
    list: (items, type = 'conjunction') => new Intl.ListFormat(locale, { type }).format(items),
  };
}

/** The standard has a method for it, and before that a member. */
function directionOf(locale: string): 'ltr' | 'rtl' {
  const known = new Intl.Locale(locale) as Intl.Locale & {
    getTextInfo(): { readonly direction: string };
  };
  return known.getTextInfo().direction === 'rtl' ? 'rtl' : 'ltr';
}

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
  /** `20 March 2008`, in UTC. */
  readonly date: (at: EpochSeconds) => string;
  /** `one, two and three`, or `or`. */
  readonly list: (items: readonly string[], type?: 'conjunction' | 'disjunction') => string;
}

/** @throws {SyntaxError} when it comes to a message that is no ICU message */
export function createLanguage({ tag, locale, name, messages }: MessageFile): Language {
  const compiled = new Map<MessageKey, IntlMessageFormat>();
  const messageFor = (key: MessageKey): IntlMessageFormat => {
    let message = compiled.get(key);
    if (!message) {
      message = new IntlMessageFormat(messages[key], locale);
      compiled.set(key, message);
    }
    return message;
  };
  const dates = new Intl.DateTimeFormat(locale, {
    ...{ day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' },
  });
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

import { IntlMessageFormat } from 'intl-messageformat';

import { en } from './en/index.ts';
import { es } from './es/index.ts';
import type { MessageFile, Messages } from './messages.ts';

const FILES = { en, es } as const satisfies Readonly<Record<string, MessageFile>>;

/** Tags of the languages that come with the server. */
export const LANGUAGES = Object.keys(FILES) as (keyof typeof FILES)[];

/** What is said in these languages, in their order. */
export function filesOf(tags: readonly (keyof typeof FILES)[]): MessageFile[] {
  return tags.map((tag) => FILES[tag]);
}

/** A language that comes with the server. */
export function builtIn(tag: string): MessageFile | undefined {
  return (FILES as Readonly<Record<string, MessageFile>>)[tag];
}

/** What is wrong with somebody's own words for our messages; empty: nothing. */
export function checkMessages(own: Readonly<Record<string, string>>, ours: Messages): string[] {
  return Object.entries(own).flatMap(([key, text]) => {
    const original = (ours as Readonly<Record<string, string>>)[key];
    if (original === undefined) return [`${key}: there is no such message`];
    try {
      new IntlMessageFormat(text, 'en');
    } catch (error) {
      return [`${key}: ${error instanceof Error ? error.message : String(error)}`];
    }
    const known = new Set([...valuesIn(original), ...marksIn(original)]);
    const unknown = [...valuesIn(text), ...marksIn(text)].find((one) => !known.has(one));
    return unknown === undefined ? [] : [`${key}: ${unknown} is not in our own message`];
  });
}

function valuesIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)(?=[,}])/g)].map(([, name]) => `{${name ?? ''}}`);
}

/** Whatever looks like markup; an ampersand may begin a character reference. */
function marksIn(text: string): string[] {
  return text.match(/<[^>]*>?|&/g) ?? [];
}

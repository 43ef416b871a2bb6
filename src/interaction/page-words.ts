import { Eta } from 'eta';

import type { Language, Mark, MessageKey, Values } from '../language/index.ts';

/** How templates speak. */
export interface PageWords {
  /** Plain text: escape it like any other. */
  readonly say: Language['say'];
  /** A message with marks, ready to be put into a page as it is: values are escaped. */
  html(key: MessageKey, values?: Values): string;
}

const { escapeFunction } = new Eta().config;

const MARKS: Readonly<Record<Mark, (inside: string) => string>> = {
  b: (inside) => `<strong>${inside}</strong>`,
  bdi: (inside) => `<bdi>${inside}</bdi>`,
  ltr: (inside) => `<bdi dir="ltr">${inside}</bdi>`,
  hidden: (inside) => `<span class="visually-hidden">${inside}</span>`,
};

export function wordsFor(language: Language): PageWords {
  return {
    say: language.say,
    html(key, values = {}) {
      const escaped = Object.entries(values).map(([name, value]) => [name, escapeFunction(value)]);
      return language.draw(key, Object.fromEntries(escaped) as Values, MARKS);
    },
  };
}

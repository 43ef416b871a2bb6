import { en } from './en/index.ts';
import { es } from './es/index.ts';
import type { MessageFile } from './messages.ts';

const FILES = { en, es } as const satisfies Readonly<Record<string, MessageFile>>;

/** Tags of the languages that come with the server. */
export const LANGUAGES = Object.keys(FILES) as (keyof typeof FILES)[];

/** What is said in these languages, in their order. */
export function filesOf(tags: readonly (keyof typeof FILES)[]): MessageFile[] {
  return tags.map((tag) => FILES[tag]);
}

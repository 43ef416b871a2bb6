import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import { ConfigProblems } from '../config/index.ts';
import { builtIn, checkMessages, type MessageFile } from '../language/index.ts';

/** What an organisation puts in place of ours, in a folder of its own: nothing in it is needed. */
export interface Theme {
  /** A template of the organisation's own in place of the one at this path below `views/`; `undefined`: ours. */
  readonly templateFor: (relative: string) => string | undefined;
  /** `theme.css`: comes after our own style sheet. */
  readonly css: string;
  /** `logo.svg` or `logo.png`. */
  readonly logo?: { readonly content: Buffer; readonly type: 'svg' | 'png' };
  /** The languages that are offered, with the organisation's own words in them. */
  readonly languages: readonly MessageFile[];
}

/**
 *     theme/*.eta, theme/partials/*.eta   in place of ours of the same name
 *     theme/theme.css                     colours and whatever else comes after our style sheet
 *     theme/logo.svg or logo.png
 *     theme/messages/<tag>.json           own words for some messages, or a language of one's own
 *
 * @throws ConfigProblems with everything that is wrong in it
 */
export function loadTheme(directory: string | undefined, offered: readonly string[]): Theme {
  if (directory !== undefined && !existsSync(directory))
    throw new ConfigProblems([`theme.directory: there is no folder ${directory}`]);
  const inTheme = (name: string): string | undefined => {
    const file = directory === undefined ? undefined : path.join(directory, name);
    return file !== undefined && existsSync(file) ? file : undefined;
  };
  const file = inTheme('theme.css');
  const css = file === undefined ? '' : readFileSync(file, 'utf8');
  checkColours(css, file ?? '');
  const logo = inTheme('logo.svg') ?? inTheme('logo.png');
  return {
    templateFor: inTheme,
    css,
    languages: languagesOf(inTheme('messages'), offered),
    ...(logo === undefined
      ? {}
      : { logo: { content: readFileSync(logo), type: logo.endsWith('.svg') ? 'svg' : 'png' } }),
  };
}

/** The custom properties of our style sheet, which `theme.css` sets anew. */
export const COLOURS = [
  ...['brand', 'brand-hover', 'on-brand', 'brand-soft', 'page', 'surface', 'text', 'muted'],
  ...['line', 'control', 'warn', 'warn-soft', 'danger', 'danger-soft', 'good'],
] as const;

/** A misspelt colour would be ignored in silence; one of an organisation's own is used somewhere in its style sheet. */
function checkColours(css: string, file: string): void {
  const rules = css.replaceAll(/\/\*[^]*?\*\//g, '');
  const set = [...rules.matchAll(/--([\w-]+)\s*:/g)].map(([, name = '']) => name);
  const used = new Set([...rules.matchAll(/var\(\s*--([\w-]+)/g)].map(([, name]) => name));
  const known = new Set<string>(COLOURS);
  const unknown = [...new Set(set)].filter((name) => !known.has(name) && !used.has(name));
  if (unknown.length > 0)
    throw new ConfigProblems(
      unknown.map((name) => `${file}: there is no colour --${name}; there are --${COLOURS.join(', --')}`),
    );
}

const messageFile = z.strictObject({
  name: z.string().min(1).max(40).optional(),
  locale: z.string().min(2).max(35).optional(),
  messages: z.record(z.string(), z.string()),
});

function languagesOf(folder: string | undefined, offered: readonly string[]): MessageFile[] {
  const names = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.json'));
  const read = names.map((name) => ({
    tag: name.slice(0, -'.json'.length),
    file: path.join(folder ?? '', name),
  }));
  const problems: string[] = [];
  const languages = offered.flatMap((tag) => {
    const ours = builtIn(tag);
    const file = read.find((one) => one.tag === tag)?.file;
    const theirs = file === undefined ? undefined : readMessages(file, problems);
    if (!ours && !theirs) {
      if (file === undefined)
        problems.push(
          `languages.offered: there is no language ${tag}; put messages/${tag}.json into theme.directory`,
        );
      return [];
    }
    const base = ours ?? { ...builtInEnglish(), tag, locale: tag, name: tag };
    const { messages = {}, ...named } = theirs ?? {};
    problems.push(...checkMessages(messages, base.messages).map((problem) => `${file ?? tag}: ${problem}`));
    return [{ ...base, ...named, messages: { ...base.messages, ...messages } } as MessageFile];
  });
  if (problems.length > 0) throw new ConfigProblems(problems);
  return languages;
}

function builtInEnglish(): MessageFile {
  const english = builtIn('en');
  if (!english) throw new TypeError('English is always there');
  return english;
}

function readMessages(file: string, problems: string[]): Partial<z.output<typeof messageFile>> | undefined {
  try {
    const parsed = messageFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data;
    problems.push(
      ...parsed.error.issues.map(({ path: at, message }) => `${file}: ${at.join('.')}: ${message}`),
    );
  } catch (error) {
    problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

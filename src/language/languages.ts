import { createLanguage, type Language } from './language.ts';
import type { MessageFile } from './messages.ts';

/** What a browser and an app say about languages, the strongest first. */
export interface Wishes {
  /** What the person chose on one of our pages. */
  readonly chosen?: string | undefined;
  /** OpenID Connect's parameter: tags, separated by spaces, the best first. */
  readonly uiLocales?: string | undefined;
  /** Of the browser's `Accept-Language`, the best first; `*` takes any. */
  readonly accepted?: readonly string[];
}

export interface Languages {
  /** In this order, where people choose one. */
  readonly all: readonly Language[];
  choose(wishes: Wishes): Language;
}

/**
 * @param preferred tag of the language for those who asked for none of ours
 * @param timeZone of days and times, as IANA names it; default: UTC
 */
export function createLanguages(
  files: readonly MessageFile[],
  preferred: string,
  timeZone?: string,
): Languages {
  const all = files.map((file) => createLanguage(file, timeZone));
  const byTag = new Map(all.map((language) => [language.tag.toLowerCase(), language]));
  const fallback = byTag.get(preferred.toLowerCase());
  if (!fallback) throw new RangeError(`there is no language ${preferred}`);
  return {
    all,
    choose({ chosen, uiLocales, accepted = [] }) {
      const wanted = [
        ...(chosen === undefined ? [] : [chosen]),
        ...(uiLocales?.split(' ') ?? []),
        ...accepted,
      ];
      for (const tag of wanted) {
        const found = lookUp(tag, byTag);
        if (found) return found;
      }
      return fallback;
    },
  };
}

/** RFC 4647 lookup: `es-419` is content with `es`, never the other way round. */
function lookUp(tag: string, byTag: ReadonlyMap<string, Language>): Language | undefined {
  const parts = tag.toLowerCase().split('-');
  for (let length = parts.length; length > 0; length -= 1) {
    const found = byTag.get(parts.slice(0, length).join('-'));
    if (found) return found;
  }
  return undefined;
}

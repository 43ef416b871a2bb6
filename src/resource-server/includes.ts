import { open, quoted, scopeFor, type Asker } from './asker.ts';
import type { Filter } from './filters.ts';

/** What `_include` and `_revinclude` of a search bring beside its matches. */
export interface Includes {
  readonly some: boolean;
  /** What may be seen of a type that comes with the matches. */
  readonly filtersFor: (resourceType: string) => readonly Filter[];
  /** What will be left out, and why. */
  readonly withheld: readonly string[];
}

const NAMES: ReadonlySet<string> = new Set([
  ...['_include', '_include:iterate', '_include:recurse'],
  ...['_revinclude', '_revinclude:iterate', '_revinclude:recurse'],
]);
const TYPE = /^[A-Z][A-Za-z]*$/;

export function isInclude(name: string): boolean {
  return NAMES.has(name);
}

/**
 * Nothing of this is refused: what may not be seen is left out of the answer, as FHIR lets a server do, and said. An app
 * sends `_revinclude=Provenance:target` with every search; it should not lose the matches because somebody kept the
 * Provenance to themselves.
 *
 * Following a reference is reading, so `r` or `s` will do for `_include`; who is referred to finds the others with
 * `_revinclude` only as by a search, so that takes `s` (SEM-12).
 */
export function includesOf(asker: Asker, query: URLSearchParams): Includes {
  const sent = [...query].filter(([name]) => isInclude(name));
  const searched = new Set(sent.flatMap(([name, value]) => (name.startsWith('_rev') ? sourceOf(value) : [])));
  const filtersFor = (resourceType: string): readonly Filter[] => {
    const found = open(asker, 's', resourceType);
    return searched.has('*') || searched.has(resourceType)
      ? found
      : [...open(asker, 'r', resourceType), ...found];
  };
  const withheld = sent.flatMap(([name, value]) => {
    const type = name.startsWith('_rev') ? sourceOf(value)[0] : value.split(':')[2];
    if (type === undefined || !TYPE.test(type) || filtersFor(type).length > 0) return [];
    return [
      `what ${name}=${quoted(value)} adds is left out: it takes the scope ${scopeFor(asker, ['s'], type)}`,
    ];
  });
  return { some: sent.length > 0, filtersFor, withheld: [...new Set(withheld)] };
}

/** `Provenance:target` → `Provenance`; `*` and what cannot be read may be of every type. */
function sourceOf(value: string): string[] {
  const [source = ''] = value.split(':');
  return [TYPE.test(source) ? source : '*'];
}

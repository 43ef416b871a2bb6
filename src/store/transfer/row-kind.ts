import type { Row } from '../driver.ts';

/**
 * What becomes of a row when its store is moved or brought back from a backup.
 *
 *     lasting   who and what there is: people, clients, signing keys
 *     ended     what must not happen again: tombstones of grants, assertions that were seen
 *     living    what somebody was given, and may have been ended after the backup: grants, tokens, sessions, and whatever
 *               we do not know
 *     passing   what the store it lies in counts, or is called
 */
export type RowKind = 'lasting' | 'ended' | 'living' | 'passing';

const KINDS: readonly (readonly [RegExp, RowKind])[] = [
  [/^gh:\{c\.[^}]+\}:(client|status)$/, 'lasting'],
  [/^gh:\{a\.[^}]+\}:account$/, 'lasting'],
  [/^gh:\{n\.[^}]+\}:login$/, 'lasting'],
  [/^gh:\{(clients|accounts)\}:all$/, 'lasting'],
  [/^gh:\{keys\}:(signing|records)$/, 'lasting'],
  [/^gh:\{[^}]+\}:dead$/, 'ended'],
  [/^gh:\{j\.[^}]+\}:jti$/, 'ended'],
  [/^gh:\{due\.[^}]+\}:sweep$/, 'passing'],
  [/^gh:\{r\.[^}]+\}:count$/, 'passing'],
  [/^gh:\{epoch\}:barred$/, 'ended'],
  [/^gh:\{epoch(\.[^}]+)?\}:/, 'passing'],
];

function nameOf(row: Row): string {
  return 'key' in row ? row.key : row.index;
}

/** By its name alone: nothing is opened for it. */
export function kindOf(row: Row): RowKind {
  const name = nameOf(row);
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'living';
}

const MADE_BY_USE = /^gh:\{[^}]+\}:(client|account|grant|dead)$/;

/** Is it there only because people or apps have used the store? A server that starts makes signing keys and an epoch. */
export function showsUse(row: Row): boolean {
  return MADE_BY_USE.test(nameOf(row));
}

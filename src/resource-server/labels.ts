import { isHeldBack, type Constraint, type Label } from '../smart/index.ts';

/** No scope can say this: it is what a grant holds back beside its scopes. */
const NOT_LABELLED = '_security:not';

/** Resources without any of these labels (SEC-12). */
export function notLabelled(codes: string): Constraint {
  return { param: NOT_LABELLED, value: codes };
}

export function isAboutLabels({ param }: Constraint): boolean {
  return param === NOT_LABELLED;
}

/** Lists of codes are those of a few choices people make. */
const MOST_LISTS = 200;
const lists = new Map<string, ReadonlySet<string>>();

/** May a resource with these labels be seen? */
export function meetsLabels(labels: readonly Partial<Label>[], { value }: Constraint): boolean {
  const known = lists.get(value);
  const codes = known ?? new Set(value.split(','));
  if (!known && lists.size < MOST_LISTS) lists.set(value, codes);
  return !isHeldBack(
    labels.map(({ system = '', code = '' }) => ({ system, code })),
    codes,
  );
}

import { constraintKey, type Constraint, type ResourceScope } from './scope.ts';

/** A list of resource scopes, ready to be asked about many others without going through the list each time. */
export interface ScopeIndex {
  /** Do those of the list, but for some, together allow everything it allows? One may give a letter, another one the next. */
  covers(scope: ResourceScope, butFor?: ReadonlySet<ResourceScope>): boolean;
  /** Those of the list that share a level, a type and a letter with it, in their order: each allows a part of it. */
  overlapping(scope: ResourceScope): readonly ResourceScope[];
}

/**
 * Does `wide` allow everything `narrow` allows? True when the level is the same, the type is the same or `*`,
 * every letter is there, and each constraint of `wide` is also one of `narrow` (constraints only take away).
 */
export function covers(wide: ResourceScope, narrow: ResourceScope): boolean {
  return isOverAll(wide, narrow) && [...narrow.permissions].every((letter) => wide.permissions.has(letter));
}

/** Is one over every resource the other is over, whatever may be done with them? */
function isOverAll(wide: ResourceScope, narrow: ResourceScope): boolean {
  return (
    wide.level === narrow.level &&
    (wide.resourceType === '*' || wide.resourceType === narrow.resourceType) &&
    isSubset(wide.constraints, narrow.constraints)
  );
}

/** Both are sorted, so that one walk is enough. */
function isSubset(few: readonly Constraint[], many: readonly Constraint[]): boolean {
  let found = 0;
  for (const { param, value } of many) {
    const next = few[found];
    if (next?.param === param && next.value === value) found += 1;
  }
  return found === few.length;
}

/** The type that both are over, if there is one. */
export function meet(one: string, other: string): string | undefined {
  if (one === '*' || one === other) return other;
  return other === '*' ? one : undefined;
}

/**
 * Each scope is filed under its rarest constraint. What covers another has only constraints of that one, so it is in one
 * of the few drawers of these: of a thousand scopes that differ in a code nobody looks at more than one or two (A037).
 */
export function scopeIndex(scopes: readonly ResourceScope[]): ScopeIndex {
  const frequency = new Map<string, number>();
  for (const { constraints } of scopes)
    for (const key of constraints.map(constraintKey)) frequency.set(key, (frequency.get(key) ?? 0) + 1);
  const rarest = ({ constraints }: ResourceScope): string =>
    constraints
      .map(constraintKey)
      .reduce(
        (rare, key) => ((frequency.get(key) ?? 0) < (frequency.get(rare) ?? Infinity) ? key : rare),
        '',
      );
  const drawers = Map.groupBy(scopes, (scope) => drawerOf(scope.level, scope.resourceType, rarest(scope)));
  const neighbours = new Map<string, readonly ResourceScope[]>();
  return {
    covers(scope, butFor) {
      const missing = new Set(scope.permissions);
      return drawersFor(scope).some((name) =>
        drawers.get(name)?.some((other) => {
          if (!butFor?.has(other) && isOverAll(other, scope))
            for (const letter of other.permissions) missing.delete(letter);
          return missing.size === 0;
        }),
      );
    },
    overlapping(scope) {
      const kind = `${scope.level}/${scope.resourceType}.${[...scope.permissions].join('')}`;
      const known = neighbours.get(kind) ?? scopes.filter((other) => sharesLetters(other, scope));
      neighbours.set(kind, known);
      return known;
    },
  };
}

function drawerOf(level: string, resourceType: string, key: string): string {
  return `${level}/${resourceType}?${key}`;
}

/** Where whatever covers this scope has to be. */
function drawersFor({ level, resourceType, constraints }: ResourceScope): string[] {
  const keys = ['', ...constraints.map(constraintKey)];
  return [resourceType, '*'].flatMap((type) => keys.map((key) => drawerOf(level, type, key)));
}

function sharesLetters(one: ResourceScope, other: ResourceScope): boolean {
  return (
    one.level === other.level &&
    meet(one.resourceType, other.resourceType) !== undefined &&
    [...one.permissions].some((letter) => other.permissions.has(letter))
  );
}

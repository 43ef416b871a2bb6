import { isEnforceable } from './enforceable.ts';
import { covers, meet, scopeIndex, type ScopeIndex } from './scope-index.ts';
import {
  constraintKey,
  formatResourceScope,
  parseScope,
  type Constraint,
  type ResourceScope,
  type Scope,
  type ScopeProblem,
} from './scope.ts';

/** A scope parameter, read: what could be understood, in order and without repeats, and what could not. */
export interface ScopeList {
  readonly scopes: readonly Scope[];
  readonly problems: readonly ScopeProblem[];
}

/**
 * Splits a `scope` parameter on spaces, however many, and reads each part. Malformed parts become problems, never
 * permissions; a tab or a line break is no separator and makes its part malformed.
 */
export function parseScopeList(text: string): ScopeList {
  const scopes = new Map<string, Scope>();
  const problems: ScopeProblem[] = [];
  for (const part of new Set(text.split(' ').filter(Boolean))) {
    const parsed = parseScope(part);
    if (parsed.ok) scopes.set(parsed.scope.text, parsed.scope);
    else problems.push(parsed.problem);
  }
  return { scopes: [...scopes.values()], problems };
}

/**
 * A scope parameter with single spaces, and its scopes without the prefix of their URI form (SCO-24, SCO-26); what cannot
 * be read stays as it is.
 */
export function shortScopeText(text: string): string {
  return text
    .split(' ')
    .filter(Boolean)
    .map((part) => {
      const parsed = parseScope(part);
      return parsed.ok ? parsed.scope.text : part;
    })
    .join(' ');
}

export function isResourceScope(scope: Scope): scope is ResourceScope {
  return scope.kind === 'resource';
}

/**
 * What both allow, or `undefined` when that is nothing. The result is written as the requested scope was
 * (its own text when nothing was taken away; v1 as long as v1 can say it), SCO-08, SCO-28.
 */
export function intersect(requested: ResourceScope, allowed: ResourceScope): ResourceScope | undefined {
  if (requested.level !== allowed.level) return undefined;
  if (covers(allowed, requested)) return requested;
  const resourceType = meet(requested.resourceType, allowed.resourceType);
  if (resourceType === undefined) return undefined;
  const permissions = new Set([...requested.permissions].filter((letter) => allowed.permissions.has(letter)));
  if (permissions.size === 0) return undefined;
  return build({
    level: requested.level,
    resourceType,
    permissions,
    constraints: union(requested.constraints, allowed.constraints),
    spelling: requested.spelling,
  });
}

function union(one: readonly Constraint[], other: readonly Constraint[]): Constraint[] {
  const all = new Map([...one, ...other].map((constraint) => [constraintKey(constraint), constraint]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, constraint]) => constraint);
}

/** Makes a resource scope from its meaning, writing its text. */
export function build(meaning: Omit<ResourceScope, 'kind' | 'text'>): ResourceScope {
  const text = formatResourceScope(meaning);
  const v1 = meaning.spelling === 'v1' && /\.(read|write|\*)$/.test(text);
  return { kind: 'resource', ...meaning, spelling: v1 ? 'v1' : 'v2', text };
}

/**
 * The requested scope cut down to what a list allows: each overlap, shortest first form. A wildcard asked for
 * against a list of types becomes those types instead of being refused.
 *
 * @param most with more overlaps than these the search ends: there are more of them, however many; default: no end
 */
export function narrow(
  requested: ResourceScope,
  allowed: readonly ResourceScope[],
  most = Infinity,
): ResourceScope[] {
  return narrowWithin(requested, scopeIndex(allowed), most);
}

/** As {@link narrow}, for who narrows many scopes to one list. */
export function narrowWithin(
  requested: ResourceScope,
  allowed: ScopeIndex,
  most = Infinity,
): ResourceScope[] {
  if (allowed.covers(requested)) return [requested];
  const overlaps = new Map<string, ResourceScope>();
  for (const scope of allowed.overlapping(requested)) {
    const overlap = intersect(requested, scope);
    if (overlap) addLetters(overlaps, overlap);
    if (overlaps.size > most) return [...overlaps.values()];
  }
  return uncovered([...overlaps.values()]);
}

/**
 * The same permissions in the fewest scopes: what another one covers goes, and letters over the same resources
 * come together (`.r` and `.s` → `.rs`, SCO-16). A scope that stays as it was keeps its text.
 */
export function shortest(scopes: readonly ResourceScope[]): ResourceScope[] {
  return uncovered(mergeLetters(scopes));
}

/** Letters over the same resources in one scope: `.r` and `.s` → `.rs`; of two spellings of one scope the first. */
export function mergeLetters(scopes: readonly ResourceScope[]): ResourceScope[] {
  const bySubject = new Map<string, ResourceScope>();
  for (const scope of scopes) addLetters(bySubject, scope);
  return [...bySubject.values()];
}

function addLetters(bySubject: Map<string, ResourceScope>, scope: ResourceScope): void {
  const subject = subjectOf(scope);
  const known = bySubject.get(subject);
  bySubject.set(subject, known ? merge(known, scope) : scope);
}

/**
 * Over which resources a scope is, whatever may be done with them. A decoded value may hold `&`: joined with one, two
 * different lists of constraints could read alike.
 */
export function subjectOf({ level, resourceType, constraints }: ResourceScope): string {
  return JSON.stringify([level, resourceType, ...constraints.map(constraintKey)]);
}

/** Without the scopes that others of the list cover, alone or together; of those that cover each other the first stays. */
export function uncovered(scopes: readonly ResourceScope[]): ResourceScope[] {
  const index = scopeIndex(scopes);
  const gone = new Set<ResourceScope>();
  for (const scope of scopes.toReversed()) if (!index.covers(scope, gone.add(scope))) gone.delete(scope);
  return scopes.filter((scope) => !gone.has(scope));
}

function merge(one: ResourceScope, other: ResourceScope): ResourceScope {
  if (covers(one, other)) return one;
  if (covers(other, one)) return other;
  return build({
    ...one,
    permissions: new Set([...one.permissions, ...other.permissions]),
    spelling: one.spelling === 'v1' && other.spelling === 'v1' ? 'v1' : 'v2',
  });
}

/**
 * Which of the scopes asked for a list of granted ones allows: letter by letter, or, for data, by meaning.
 * `patient/Observation.r` and `patient/Observation.rs?category=…` lie within `patient/Observation.rs` (REF-07), never the
 * other way (REF-06). What nobody could hold to lies within nothing (SCO-12).
 */
export function within(granted: string, asked: readonly string[]): string[] {
  const { scopes } = parseScopeList(granted);
  const texts = new Set(scopes.map(({ text }) => text));
  const wide = scopeIndex(scopes.filter(isResourceScope));
  return asked.filter((text) => {
    if (texts.has(text)) return true;
    const parsed = parseScope(text);
    if (!parsed.ok || !isResourceScope(parsed.scope)) return false;
    const { scope } = parsed;
    return isEnforceable(scope) && wide.covers(scope);
  });
}

/** Back to a `scope` parameter: single spaces, order kept, no repeats (SCO-26). */
export function formatScopeList(scopes: readonly Scope[]): string {
  return [...new Set(scopes.map(({ text }) => text))].join(' ');
}

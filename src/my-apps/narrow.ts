import { describeOffer, type OfferGroup } from '../consent/index.ts';
import type { Language } from '../language/index.ts';
import {
  askedAbout,
  decideGrant,
  formatScopeList,
  isResourceScope,
  parseScopeList,
  sensitiveKindOf,
  type Scope,
} from '../smart/index.ts';

/** What a person chose to leave to an app. */
export type Choice =
  | { readonly kind: 'unchanged' }
  /** Nothing that an app could read. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'less'; readonly scope: string; readonly dropped: string };

/** What can be taken back one by one, in plain words; whose record it is, and who they are, goes with the whole. */
export function choicesOf(scope: string, language: Language): OfferGroup[] {
  const groups = describeOffer(askedAbout(parseScopeList(scope).scopes.filter(isAsked)), language);
  // What was ticked once is ticked: here people take back.
  return groups.map((group) => ({
    ...group,
    scopes: group.scopes.map((one) => (group.id === 'sensitive' ? { ...one, checked: true } : one)),
  }));
}

/**
 * What is left of a grant when only these are ticked: never more than it has, whatever was posted (A069).
 *
 * @param ticked values of boxes of {@link choicesOf}
 */
export function choose(scope: string, ticked: readonly string[]): Choice {
  const { scopes } = parseScopeList(scope);
  const kept = scopes.filter((one) => !isAsked(one)).map(({ text }) => text);
  const { granted, dropped } = decideGrant(scopes, new Set([...ticked, ...kept]));
  if (!granted.some(isResourceScope)) return { kind: 'nothing' };
  const left = formatScopeList(granted);
  if (dropped.length === 0) return { kind: 'unchanged' };
  return { kind: 'less', scope: left, dropped: dropped.map((one) => one.scope).join(' ') };
}

function isAsked(scope: Scope): boolean {
  return (
    isResourceScope(scope) || scope.text === 'offline_access' || sensitiveKindOf(scope.text) !== undefined
  );
}

import { BREAK_GLASS } from './break-glass.ts';
import { isEnforceable } from './enforceable.ts';
import type { ContextScope, ResourceScope, Scope } from './scope.ts';
import { scopeIndex, type ScopeIndex } from './scope-index.ts';
import {
  isResourceScope,
  mergeLetters,
  narrowWithin,
  parseScopeList,
  shortest,
  subjectOf,
} from './scope-set.ts';

/** Why a scope that was asked for is not in the grant. */
export type DropReason =
  | 'malformed'
  | 'not-registered'
  | 'not-enforceable'
  | 'not-approved'
  | 'beyond-user-rights'
  | 'wrong-level'
  | 'no-launch'
  | 'no-openid'
  | 'no-fhir-user'
  | 'no-patient'
  | 'no-refresh'
  | 'no-context'
  | 'beside-offline'
  | 'only-in-emergency'
  | 'not-in-emergency'
  | 'too-many';

/**
 * By so many scopes an offer may be longer than what was asked for. A wildcard becomes as many as the client is registered
 * for types, and each of them is a question to a person and a word in a token: a wildcard too many is dropped.
 */
const MOST_ADDED = 300;

export interface DroppedScope {
  readonly scope: string;
  readonly reason: DropReason;
}

/** What bounds a grant before any person is asked. */
export interface GrantBounds {
  /** The client's registered scopes, as a scope parameter. */
  readonly registered: string;
  /** `user`: somebody signs in; `system`: the client acts for itself. */
  readonly flow: 'user' | 'system';
  /** The client may hold refresh tokens. */
  readonly mayRefresh: boolean;
  /** The request carries a `launch` value. */
  readonly hasLaunch: boolean;
  /** What the user's role allows, as a scope parameter; absent: everything. */
  readonly userRights?: string;
  /** The user is a FHIR resource, so `fhirUser` can be told (OIDC-08). */
  readonly hasFhirUser: boolean;
  /**
   * The types of what a launch brings beside patient and encounter (`fhirContext`): `launch/<type>` of another is not
   * granted, since there would be nothing in context (CTX-03). Absent: not known yet, all may come.
   */
  readonly contextTypes?: readonly string[];
}

export interface GrantDecision {
  readonly granted: readonly Scope[];
  readonly dropped: readonly DroppedScope[];
}

/**
 * What may be offered: requested ∩ registered ∩ the user's rights, each requested scope narrowed rather than
 * refused where only a part is allowed, with a reason for each that is not there at all.
 *
 * @see SMART App Launch 2.2.0, "Scopes for requesting FHIR Resources"; CONS-01, CRG-10, SCO-14
 */
export function decideOffer(requested: string, bounds: GrantBounds): GrantDecision {
  const list = parseScopeList(requested);
  const granted: Scope[] = [];
  const dropped: DroppedScope[] = list.problems.map(({ scope }) => ({ scope, reason: 'malformed' }));
  const registered = limitsFrom(bounds.registered);
  const limits = {
    registered,
    rights: bounds.userRights === undefined ? undefined : limitsFrom(bounds.userRights).resources,
    hasOpenid: registered.texts.has('openid') && list.scopes.some(({ text }) => text === 'openid'),
  };

  let room = MOST_ADDED;
  for (const scope of list.scopes) {
    const kept = isResourceScope(scope)
      ? boundResource(scope, bounds, limits, room + 1)
      : boundOther(scope, bounds, limits);
    if (typeof kept === 'string') dropped.push({ scope: scope.text, reason: kept });
    else {
      granted.push(...kept);
      room -= kept.length - 1;
    }
  }
  return { granted: inShortestForm(withoutRepeats(granted)), dropped };
}

/** A list that bounds an offer, ready to be asked about each scope of it. */
interface Limits {
  readonly registered: { readonly texts: ReadonlySet<string>; readonly resources: ScopeIndex };
  readonly rights: ScopeIndex | undefined;
  /** Was `openid` asked for, and is it registered? */
  readonly hasOpenid: boolean;
}

function limitsFrom(text: string): Limits['registered'] {
  const { scopes } = parseScopeList(text);
  return {
    texts: new Set(scopes.map((scope) => scope.text)),
    resources: scopeIndex(scopes.filter(isResourceScope)),
  };
}

/** Letters over the same resources come together (SCO-16); otherwise what was asked for keeps its words and its order. */
function inShortestForm(scopes: readonly Scope[]): Scope[] {
  const merged = new Map(
    mergeLetters(scopes.filter(isResourceScope)).map((scope) => [subjectOf(scope), scope]),
  );
  return scopes.flatMap((scope): readonly Scope[] => {
    if (!isResourceScope(scope)) return [scope];
    // The first of those that went into the merged one stands for all of them.
    const whole = merged.get(subjectOf(scope));
    merged.delete(subjectOf(scope));
    return whole ? [whole] : [];
  });
}

function boundResource(
  scope: ResourceScope,
  bounds: GrantBounds,
  { registered, rights }: Limits,
  room: number,
): ResourceScope[] | DropReason {
  if ((scope.level === 'system') !== (bounds.flow === 'system')) return 'wrong-level';
  if (!isEnforceable(scope)) return 'not-enforceable';
  const byClient = narrowWithin(scope, registered.resources, room);
  if (byClient.length === 0) return 'not-registered';
  if (byClient.length > room) return 'too-many';
  if (rights === undefined) return byClient;
  const byUser = shortest(byClient.flatMap((part) => narrowWithin(part, rights)));
  if (byUser.length === 0) return 'beyond-user-rights';
  return byUser.length > room ? 'too-many' : byUser;
}

function boundOther(
  scope: Exclude<Scope, ResourceScope>,
  bounds: GrantBounds,
  { registered: { texts }, hasOpenid }: Limits,
): Scope[] | DropReason {
  if (scope.text === BREAK_GLASS) return 'only-in-emergency';
  if (scope.kind !== 'extension' && bounds.flow === 'system') return 'wrong-level';
  if (scope.kind === 'context' && scope.resourceType === undefined && !bounds.hasLaunch) return 'no-launch';
  if (scope.text === 'fhirUser' && !hasOpenid) return 'no-openid';
  if (scope.text === 'fhirUser' && !bounds.hasFhirUser) return 'no-fhir-user';
  if (!texts.has(scope.text) && !texts.has(withoutRole(scope))) return 'not-registered';
  if (scope.kind === 'refresh' && !bounds.mayRefresh) return 'no-refresh';
  if (scope.kind === 'context' && !canBeGiven(scope, bounds)) return 'no-context';
  return [scope];
}

/** Patients and encounters can be chosen; whatever else is to be in context comes with the launch, or not at all. */
function canBeGiven({ resourceType }: ContextScope, { contextTypes }: GrantBounds): boolean {
  if (resourceType === undefined || resourceType === 'Patient' || resourceType === 'Encounter') return true;
  return contextTypes?.includes(resourceType) ?? true;
}

/** Under a registration for `launch/list`, which role an app asks for is its own affair. */
function withoutRole(scope: Scope): string {
  return scope.kind === 'context' ? (scope.text.split('?')[0] ?? scope.text) : scope.text;
}

export function withoutRepeats(scopes: readonly Scope[]): Scope[] {
  return [...new Map(scopes.map((scope) => [scope.text, scope])).values()];
}

/** Must a patient be in context before these scopes may be granted (CONS-03, CTX-23)? */
export function needsPatient(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) =>
    scope.kind === 'resource'
      ? scope.level === 'patient'
      : scope.kind === 'context' && (scope.resourceType === 'Patient' || scope.resourceType === 'Encounter'),
  );
}

/** Did the app ask to choose an encounter as well (CAP-13)? */
export function needsEncounter(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => scope.kind === 'context' && scope.resourceType === 'Encounter');
}

export function describeDropped(dropped: readonly DroppedScope[]): string {
  return dropped.map(({ scope, reason }) => `${scope} (${reason})`).join(', ');
}

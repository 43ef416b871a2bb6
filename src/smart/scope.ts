import { isResourceType, resourceTypeOfLowercase } from './resource-types.ts';

/** The letters of a v2 scope, in the only order the grammar allows (SCO-01, SCO-02). */
export const PERMISSIONS = ['c', 'r', 'u', 'd', 's'] as const;
export type Permission = (typeof PERMISSIONS)[number];

const LEVELS = ['patient', 'user', 'system'] as const;
export type Level = (typeof LEVELS)[number];

/** One `param=value` after the `?` of a granular scope, percent-decoded (SCO-10, SCO-11). */
export interface Constraint {
  readonly param: string;
  readonly value: string;
}

/** A FHIR resource scope such as `patient/Observation.rs?category=…|laboratory`. */
export interface ResourceScope {
  readonly kind: 'resource';
  readonly level: Level;
  /** A FHIR type name, or `*` for every type there is or will be (SCO-17). */
  readonly resourceType: string;
  readonly permissions: ReadonlySet<Permission>;
  /** All must hold; sorted, without duplicates. Empty: the whole type. */
  readonly constraints: readonly Constraint[];
  readonly spelling: 'v1' | 'v2';
  /** As it was written, without the prefix of its URI form (SCO-24). */
  readonly text: string;
}

/** `launch`, or `launch/<type>` with its optional role (SCO-20, SCO-21). */
export interface ContextScope {
  readonly kind: 'context';
  /** The FHIR type asked for; absent in plain `launch`. */
  readonly resourceType?: string;
  readonly role?: string;
  readonly text: string;
}

export interface IdentityScope {
  readonly kind: 'identity';
  readonly name: 'openid' | 'fhirUser' | 'profile';
  readonly text: string;
}

export interface RefreshScope {
  readonly kind: 'refresh';
  readonly name: 'offline_access' | 'online_access';
  readonly text: string;
}

/** A scope of somebody's own: an absolute URI or a name that begins with `__` (SCO-23). */
export interface ExtensionScope {
  readonly kind: 'extension';
  readonly text: string;
}

export type Scope = ResourceScope | ContextScope | IdentityScope | RefreshScope | ExtensionScope;

export type ScopeProblemCode = 'malformed' | 'permissions' | 'resource-type' | 'constraint';
export interface ScopeProblem {
  readonly code: ScopeProblemCode;
  readonly scope: string;
}

export type ParsedScope =
  { readonly ok: true; readonly scope: Scope } | { readonly ok: false; readonly problem: ScopeProblem };

const RESOURCE_SYNTAX = /^(patient|user|system)\/(\*|[A-Za-z]+)\.([a-z]*|\*)(?:\?(.*))?$/;
const V1_SUFFIX = new Map<string, string>([
  ['read', 'rs'],
  ['write', 'cud'],
  ['*', 'cruds'],
]);
/** A plain search parameter. Modifiers (`code:in`), chains (`patient.name`) and `_filter` cannot be enforced (SCO-12). */
const SEARCH_PARAM = /^(_id|_security|_tag|[a-z][a-z-]*)$/;
/** RFC 6749 §3.3 scope-token: printable ASCII without space, `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:\/\/[^/]+/;
const MAX_CONSTRAINTS = 10;

/**
 * What a scope begins with where it has to be a URI, and which scopes may follow. Nothing else under these two is a
 * scope: what SMART and OpenID may come to define there is not for somebody's own scopes to take.
 *
 * @see SMART App Launch 2.2.0, "URI representation of scopes" (SCO-24)
 */
const URI_FORMS: readonly { readonly prefix: string; readonly holds: (scope: Scope) => boolean }[] = [
  {
    prefix: 'http://smarthealthit.org/fhir/scopes/',
    holds: ({ kind, text }) =>
      kind === 'resource' || kind === 'context' || kind === 'refresh' || text === 'fhirUser',
  },
  {
    prefix: 'http://openid.net/specs/openid-connect-core-1_0#',
    holds: ({ text }) => text === 'openid' || text === 'profile' || text === 'offline_access',
  },
];

/** US Core 7 to 9 misspell this system in their tables; read as what was meant, never listed (USC-12). */
const MISSPELT = 'http://terminology.hl7.org//CodeSystem-observation-category';
const MEANT = 'http://terminology.hl7.org/CodeSystem/observation-category';

/**
 * Reads one scope, v1 or v2, into a value that cannot be wrong.
 *
 * Letters out of order are refused, never sorted or picked out: a word of another convention must not turn into
 * the permissions it happens to spell (`.read` is not `.r` and `.d`; `.dus` is nothing).
 *
 * The URI form of a scope is that scope: from here on it goes by its short text, in the grant and in the answer too,
 * because everything that compares scopes letter by letter (oidc-provider, apps, FHIR servers) knows the short one.
 *
 * @see SMART App Launch 2.2.0, "Scopes for requesting FHIR Resources" (SCO-01 … SCO-12, SCO-24, SCO-29)
 */
export function parseScope(text: string): ParsedScope {
  if (!SCOPE_TOKEN.test(text)) return refuse('malformed', text);
  const form = URI_FORMS.find(({ prefix }) => text.startsWith(prefix));
  if (!form) return parseShort(text);
  const parsed = parseShort(text.slice(form.prefix.length));
  if (!parsed.ok) return refuse(parsed.problem.code, text);
  return form.holds(parsed.scope) ? parsed : refuse('malformed', text);
}

function parseShort(text: string): ParsedScope {
  if (text === 'openid' || text === 'fhirUser' || text === 'profile')
    return accept({ kind: 'identity', name: text, text });
  if (text === 'offline_access' || text === 'online_access')
    return accept({ kind: 'refresh', name: text, text });
  if (text === 'launch' || text.startsWith('launch/')) return parseContextScope(text);
  if (text.startsWith('__') && text.length > 2) return accept({ kind: 'extension', text });
  if (ABSOLUTE_URI.test(text)) return accept({ kind: 'extension', text });
  return parseResourceScope(text);
}

function parseContextScope(text: string): ParsedScope {
  if (text === 'launch') return accept({ kind: 'context', text });
  const [, name = '', query] = /^launch\/([a-z]+)(?:\?role=(.+))?$/.exec(text) ?? [];
  const resourceType = resourceTypeOfLowercase(name);
  if (!resourceType) return refuse(name ? 'resource-type' : 'malformed', text);
  return accept({ kind: 'context', resourceType, ...(query ? { role: query } : {}), text });
}

function parseResourceScope(text: string): ParsedScope {
  const [, level, resourceType, suffix, query] = RESOURCE_SYNTAX.exec(text) ?? [];
  if (!isLevel(level) || resourceType === undefined || suffix === undefined) return refuse('malformed', text);
  if (resourceType !== '*' && !isResourceType(resourceType)) return refuse('resource-type', text);

  const v1 = V1_SUFFIX.get(suffix);
  if (v1 !== undefined && query !== undefined) return refuse('constraint', text);
  const letters = v1 ?? suffix;
  const permissions = PERMISSIONS.filter((letter) => letters.includes(letter));
  if (permissions.length === 0 || permissions.join('') !== letters) return refuse('permissions', text);

  const constraints = query === undefined ? [] : parseConstraints(query);
  if (!constraints) return refuse('constraint', text);
  return accept({
    kind: 'resource',
    level,
    resourceType,
    permissions: new Set(permissions),
    constraints,
    spelling: v1 === undefined ? 'v2' : 'v1',
    text,
  });
}

function parseConstraints(query: string): Constraint[] | undefined {
  const found = new Map<string, Constraint>();
  const items = query.split('&');
  if (items.length > MAX_CONSTRAINTS) return undefined;
  for (const item of items) {
    const at = item.indexOf('=');
    const param = item.slice(0, Math.max(at, 0));
    const value = decode(item.slice(at + 1));
    if (at < 1 || !value || !SEARCH_PARAM.test(param)) return undefined;
    const constraint = { param, value: value.replaceAll(MISSPELT, MEANT) };
    found.set(constraintKey(constraint), constraint);
  }
  return [...found.values()].sort((a, b) => (constraintKey(a) < constraintKey(b) ? -1 : 1));
}

/** Percent-decoded once, so that `%7C` and `|` mean the same (SCO-11); `undefined` when it is not valid UTF-8. */
function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

export function constraintKey({ param, value }: Constraint): string {
  return `${param}=${value}`;
}

/** The v2 letters of a set of permissions, in order: `{s, r}` → `rs`. */
export function permissionLetters(permissions: ReadonlySet<Permission>): string {
  return PERMISSIONS.filter((letter) => permissions.has(letter)).join('');
}

/**
 * Writes a resource scope. `v1` is used only where v1 can say it: no constraint, and `rs`, `cud` or `cruds`
 * (SCO-07); everything else comes out in v2.
 */
export function formatResourceScope(
  scope: Pick<ResourceScope, 'level' | 'resourceType' | 'permissions' | 'constraints' | 'spelling'>,
): string {
  const letters = permissionLetters(scope.permissions);
  const v1 = [...V1_SUFFIX].find(([, meaning]) => meaning === letters)?.[0];
  const query = scope.constraints.map(({ param, value }) => `${param}=${encodeValue(value)}`).join('&');
  if (scope.spelling === 'v1' && v1 !== undefined && !query)
    return `${scope.level}/${scope.resourceType}.${v1}`;
  return `${scope.level}/${scope.resourceType}.${letters}${query ? `?${query}` : ''}`;
}

/** Keeps `|`, `:` and `/` readable and escapes only what would end the value or leave the scope-token alphabet. */
function encodeValue(value: string): string {
  return value.replace(/[^\x21\x23-\x24\x27-\x5b\x5d-\x7e]/gu, (character) => encodeURIComponent(character));
}

function isLevel(level: string | undefined): level is Level {
  return LEVELS.some((known) => known === level);
}

function accept(scope: Scope): ParsedScope {
  return { ok: true, scope };
}

function refuse(code: ScopeProblemCode, scope: string): ParsedScope {
  return { ok: false, problem: { code, scope } };
}

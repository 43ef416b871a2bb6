import type { Constraint } from '../smart/index.ts';
import { isAboutLabels, meetsLabels } from './labels.ts';

/** One coded value of a resource; a plain `code` element such as `status` has no system. */
interface Token {
  readonly system?: string;
  readonly code: string;
}

/**
 * Search parameter → the elements it looks at, as R4 and R5 spell them. What is not here matches nothing, so it never
 * broadens: dates, quantities, references and texts are compared in ways that a list of codes is not.
 */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  _id: ['id'],
  _security: ['meta.security'],
  _tag: ['meta.tag'],
  category: ['category'],
  class: ['class'],
  'clinical-status': ['clinicalStatus'],
  code: ['code', 'medicationCodeableConcept', 'medication.concept', 'code.concept'],
  criticality: ['criticality'],
  intent: ['intent'],
  'lifecycle-status': ['lifecycleStatus'],
  priority: ['priority'],
  severity: ['severity'],
  status: ['status'],
  type: ['type'],
  'vaccine-code': ['vaccineCode'],
  'verification-status': ['verificationStatus'],
};
const PATHS = new Map(
  Object.entries(ELEMENTS).map(([param, paths]) => [param, paths.map((path) => path.split('.'))]),
);

/** The elements of a resource that deciding about a constraint needs, e.g. `['code', 'medicationCodeableConcept', …]`. */
export function elementsOfConstraint(constraint: Constraint): string[] {
  const param = isAboutLabels(constraint) ? '_security' : constraint.param;
  return (PATHS.get(param) ?? []).flatMap(([root]) => root ?? []);
}

/**
 * Does a resource meet one `param=value` of a granular scope, read as a FHIR token search: a comma means "or", and
 * a value is `code`, `system|code`, `|code` (no system) or `system|`. A parameter we do not know matches nothing, and
 * neither does one with a modifier (`code:in`, `status:not`).
 *
 * @see SEM-14 … SEM-18; FHIR R4, "token" search parameters
 */
export function matchesConstraint(resource: object, constraint: Constraint): boolean {
  if (isAboutLabels(constraint)) return meetsLabels(labelsIn(resource), constraint);
  const { param, value } = constraint;
  const tokens = (PATHS.get(param) ?? []).flatMap((path) => tokensAt(resource, path));
  return value.split(/(?<!\\),/).some((wanted) => tokens.some((token) => matchesToken(token, wanted)));
}

/** A label that cannot be read is one that nobody knows. */
function labelsIn(resource: object): Partial<Token>[] {
  const meta = member(resource, 'meta');
  const security = typeof meta === 'object' && meta !== null ? member(meta, 'security') : undefined;
  if (security === undefined) return [];
  return (Array.isArray(security) ? security : [security]).map((one: unknown) => tokensOf(one)[0] ?? {});
}

function matchesToken(token: Token, wanted: string): boolean {
  const bar = wanted.indexOf('|');
  if (bar < 0) return wanted !== '' && token.code === wanted;
  const system = wanted.slice(0, bar);
  const code = wanted.slice(bar + 1);
  if (system === '' && code === '') return false;
  return (token.system ?? '') === system && (code === '' || token.code === code);
}

function tokensAt(value: object, [name = '', ...rest]: readonly string[]): Token[] {
  const found = member(value, name);
  if (rest.length === 0) return tokensOf(found);
  return (Array.isArray(found) ? found : [found]).flatMap((each: unknown) =>
    typeof each === 'object' && each !== null ? tokensAt(each, rest) : [],
  );
}

/** Reads a `code`, `Coding` or `CodeableConcept`, or a list of them. */
function tokensOf(value: unknown): Token[] {
  if (typeof value === 'string') return [{ code: value }];
  if (Array.isArray(value)) return value.flatMap(tokensOf);
  if (typeof value !== 'object' || value === null) return [];
  const coding = member(value, 'coding');
  if (coding !== undefined) return tokensOf(coding);
  const code = member(value, 'code');
  const system = member(value, 'system');
  if (typeof code !== 'string') return [];
  return [typeof system === 'string' ? { system, code } : { code }];
}

/** One own member of a resource of unknown shape. */
export function member(value: object, name: string): unknown {
  const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return found;
}

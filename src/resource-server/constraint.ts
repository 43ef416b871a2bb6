import type { Constraint } from '../smart/index.ts';

/** One coded value of a resource; a plain `code` element such as `status` has no system. */
interface Token {
  readonly system?: string;
  readonly code: string;
}

/** Search parameter → the elements it looks at. What is not here matches nothing, so it never broadens. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  _id: ['id'],
  category: ['category'],
  class: ['class'],
  'clinical-status': ['clinicalStatus'],
  code: ['code', 'medicationCodeableConcept'],
  intent: ['intent'],
  status: ['status'],
  type: ['type'],
  'verification-status': ['verificationStatus'],
};

/**
 * Does a resource meet one `param=value` of a granular scope, read as a FHIR token search: a comma means "or", and
 * a value is `code`, `system|code`, `|code` (no system) or `system|`. A parameter we do not know matches nothing.
 *
 * @see SEM-14 … SEM-18; FHIR R4, "token" search parameters
 */
export function matchesConstraint(resource: object, { param, value }: Constraint): boolean {
  const elements = Object.hasOwn(ELEMENTS, param) ? (ELEMENTS[param] ?? []) : [];
  const tokens = elements.flatMap((name) => tokensOf(member(resource, name)));
  return value.split(/(?<!\\),/).some((wanted) => tokens.some((token) => matchesToken(token, wanted)));
}

function matchesToken(token: Token, wanted: string): boolean {
  const bar = wanted.indexOf('|');
  if (bar < 0) return wanted !== '' && token.code === wanted;
  const system = wanted.slice(0, bar);
  const code = wanted.slice(bar + 1);
  if (system === '' && code === '') return false;
  return (token.system ?? '') === system && (code === '' || token.code === code);
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

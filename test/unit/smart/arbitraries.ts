import fc from 'fast-check';
import {
  PERMISSIONS,
  covers,
  isResourceScope,
  parseScope,
  parseScopeList,
  type ResourceScope,
} from '../../../src/smart/index.ts';

/** Reads a scope that the test knows to be a FHIR resource scope. */
export function resourceScope(text: string): ResourceScope {
  const parsed = parseScope(text);
  if (!parsed.ok || parsed.scope.kind !== 'resource') throw new TypeError(`${text} is not a resource scope`);
  return parsed.scope;
}

export function resourceScopes(texts: string): ResourceScope[] {
  return parseScopeList(texts).scopes.filter(isResourceScope);
}

const query = (items: readonly (readonly [string, string])[]): string =>
  items.length === 0
    ? ''
    : `?${items.map(([param, value]) => `${param}=${encodeURIComponent(value)}`).join('&')}`;

const level = fc.constantFrom('patient', 'user');
const letters = fc.subarray([...PERMISSIONS], { minLength: 1 }).map((some) => some.join(''));

/** Resource scopes of every shape: all levels, values with any character. */
export const anyResourceScope: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('patient', 'user', 'system'),
      fc.constantFrom('*', 'Observation', 'Patient', 'ImagingStudy'),
      letters,
      fc.array(
        fc.tuple(
          fc.constantFrom('category', 'status', 'clinical-status'),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([one, type, some, items]) => `${one}/${type}.${some}${query(items)}`),
  fc
    .tuple(
      fc.constantFrom('patient', 'user', 'system'),
      fc.constantFrom('*', 'Observation'),
      fc.constantFrom('read', 'write', '*'),
    )
    .map(([one, type, suffix]) => `${one}/${type}.${suffix}`),
);

/** Two of these values look like the other two once they are joined: what tells them apart must be the parsing. */
const POOL = [
  ['category', 'lab'],
  ['category', 'lab&status=final'],
  ['status', 'final'],
] as const;
const fewConstraints = fc.subarray([...POOL], { maxLength: 2 });
const fewTypes = fc.constantFrom('*', 'Observation', 'Condition');

/** Resource scopes from a small world, so that they meet, cover and contradict each other often. */
export const nearbyScope: fc.Arbitrary<ResourceScope> = fc
  .oneof(
    fc
      .tuple(level, fewTypes, letters, fewConstraints)
      .map(([one, type, some, items]) => `${one}/${type}.${some}${query(items)}`),
    fc
      .tuple(level, fewTypes, fc.constantFrom('read', 'write', '*'))
      .map(([one, type, suffix]) => `${one}/${type}.${suffix}`),
  )
  .map(resourceScope);

export const nearbyScopes: fc.Arbitrary<ResourceScope[]> = fc.array(nearbyScope, { maxLength: 5 });

/** One letter over one kind of data: the smallest question a resource server asks. */
export const probe: fc.Arbitrary<ResourceScope> = fc
  .tuple(level, fewTypes, fc.constantFrom(...PERMISSIONS), fc.subarray([...POOL]))
  .map(([one, type, letter, items]) => resourceScope(`${one}/${type}.${letter}${query(items)}`));

export function allows(scopes: readonly ResourceScope[], asked: ResourceScope): boolean {
  return scopes.some((scope) => covers(scope, asked));
}

export function textOf(scopes: readonly { readonly text: string }[]): string {
  return scopes.map(({ text }) => text).join(' ');
}

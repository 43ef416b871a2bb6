import fc from 'fast-check';
import {
  PERMISSIONS,
  covers,
  formatResourceScope,
  isResourceScope,
  parseScopeList,
  type ResourceScope,
  type Scope,
} from '../../src/smart/index.ts';
import { nearbyScope } from '../unit/smart/arbitraries.ts';

export const SMART_PREFIX = 'http://smarthealthit.org/fhir/scopes/';
export const OPENID_PREFIX = 'http://openid.net/specs/openid-connect-core-1_0#';

/** Every scope that is not about data, and the wildcards. */
export const EVERYTHING =
  'openid fhirUser profile launch launch/patient launch/encounter launch/list offline_access online_access ' +
  '__billing patient/*.cruds user/*.cruds system/*.cruds';

const MALFORMED = [
  'nonsense',
  'patient/Observation.dus',
  'patient/Observation.rr',
  'patient/*.',
  'user/*.rsx',
];
const OTHER = [
  ...EVERYTHING.split(' '),
  'launch/list?role=friend',
  '__other',
  'https://example.org/scopes/x',
];

const short: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: nearbyScope.map(({ text }) => text) },
  { weight: 3, arbitrary: fc.constantFrom(...OTHER) },
  { weight: 1, arbitrary: fc.constantFrom(...MALFORMED) },
);

/** The URI form of a scope that has one. */
export function uriForm(text: string): string {
  if (text === 'openid' || text === 'profile') return OPENID_PREFIX + text;
  return /^(__|https?:)/.test(text) ? text : SMART_PREFIX + text;
}

/** One word of a scope parameter: mostly of a small world, so that lists have much in common; some of it nonsense. */
export const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: short },
  { weight: 1, arbitrary: short.map(uriForm) },
);

export const words: fc.Arbitrary<string[]> = fc.array(word, { maxLength: 6 });

/** The same lists for a backend service, which knows `system/` only. */
export function forBackend(texts: readonly string[]): string[] {
  return texts.map((text) => text.replace(/^patient\//, 'system/'));
}

/** A scope parameter and its parts in v2, by meaning: `.read` and `.rs` are one. */
export function meanings(scopes: readonly Scope[]): Set<string> {
  return new Set(scopes.map((scope) => (isResourceScope(scope) ? inV2(scope) : scope.text)));
}

export function inV2(scope: ResourceScope): string {
  return formatResourceScope({ ...scope, spelling: 'v2' });
}

const V1_WORDS: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** What a v1 suffix means; any other suffix means itself. Written here once more, so that the server's own is checked. */
export function suffixInV2(suffix: string): string {
  return V1_WORDS[suffix] ?? suffix;
}

/** A list of words with every v1 scope in v2 spelling. */
export function wordsInV2(texts: readonly string[]): string[] {
  return texts.map((text) => text.replace(/(?<=\.)(read|write|\*)$/, suffixInV2));
}

/** The scopes of one letter each that make up a scope: what it allows is what they allow. */
function atoms(scope: ResourceScope): ResourceScope[] {
  return PERMISSIONS.filter((letter) => scope.permissions.has(letter)).map((letter) => ({
    ...scope,
    permissions: new Set([letter]),
  }));
}

/** Is all that `scopes` allow also allowed by `bounds`, each letter perhaps by another of them? */
export function isWithin(scopes: readonly ResourceScope[], bounds: readonly ResourceScope[]): boolean {
  return scopes.flatMap(atoms).every((atom) => bounds.some((bound) => covers(bound, atom)));
}

export function resourceScopesOf(text: string): ResourceScope[] {
  return parseScopeList(text).scopes.filter(isResourceScope);
}

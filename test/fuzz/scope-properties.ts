import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  PERMISSIONS,
  constraintKey,
  formatResourceScope,
  formatScopeList,
  parseScope,
  parseScopeList,
  permissionLetters,
  usCoreScopes,
  type ResourceScope,
} from '../../src/smart/index.ts';
import { anyResourceScope, resourceScope } from '../unit/smart/arbitraries.ts';
import { property, type Property } from './property.ts';
import { OPENID_PREFIX, SMART_PREFIX, suffixInV2, uriForm, word } from './words.ts';

const meaningOf = ({ level, resourceType, permissions, constraints, spelling }: ResourceScope): unknown => ({
  level,
  resourceType,
  letters: permissionLetters(permissions),
  constraints,
  spelling,
});

const PIECES = fc.constantFrom(
  'patient/',
  'system/',
  'launch/',
  'Observation',
  '*',
  '.',
  'rs',
  '.read',
  '?',
  'category=',
  '&',
  '%7C',
  '%',
  '|',
  ' ',
  '\t',
  SMART_PREFIX,
  OPENID_PREFIX,
);

/** Text of every kind: arbitrary Unicode, pieces of scopes in disorder, and one piece over and over. */
const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  {
    weight: 12,
    arbitrary: fc
      .array(fc.oneof(PIECES, fc.string({ maxLength: 3 })), { maxLength: 12 })
      .map((all) => all.join('')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('', 'patient/Observation.rs?category='), PIECES, fc.nat(1000))
      .map(([start, piece, times]) => start + piece.repeat(times)),
  },
);

const SAMPLE = usCoreScopes(['patient', 'user', 'system']);
const V1_SAMPLE = fc
  .tuple(fc.constantFrom('read', 'write', '*'), fc.constantFrom('', '?', '?category=a', '.rs'))
  .map(([suffix, more]) => `user/Observation.${suffix}${more}`);
const CHARACTERS = fc.oneof(
  fc.constantFrom(...'cruds*./?&=%|#:', 'S', 'e', '\u0435', ' ', '\n', '\0'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

/** A scope that was fine, or nearly, with one to three characters put in, taken out, changed, doubled or swapped. */
const mutated = fc
  .tuple(
    fc.oneof(fc.constantFrom(...SAMPLE), V1_SAMPLE, anyResourceScope),
    fc.array(fc.tuple(fc.nat(), fc.nat(4), CHARACTERS), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) =>
    changes.reduce((changed, [place, how, character]) => {
      const at = place % (changed.length + 1);
      const [before, here, after] = [changed.slice(0, at), changed.charAt(at), changed.slice(at + 1)];
      if (how === 0) return before + character + here + after;
      if (how === 1) return before + after;
      if (how === 2) return before + character + after;
      if (how === 3) return before + here + here + after;
      return before + after.charAt(0) + here + after.slice(1);
    }, text),
  );

/** Reads the text of a resource scope a second time, in another way: it must say all that was understood, no more. */
function assertSaysAll(text: string, scope: ResourceScope): void {
  const [head = '', ...query] = text.split('?');
  const [subject = '', suffix = '', ...more] = head.split('.');
  assert.deepEqual(more, []);
  assert.equal(subject, `${scope.level}/${scope.resourceType}`);
  const letters = permissionLetters(scope.permissions);
  assert.equal(scope.spelling === 'v1' ? suffixInV2(suffix) : suffix, letters);
  assert.ok(letters.length > 0 && PERMISSIONS.join('').includes(letters.charAt(0)));
  if (scope.spelling === 'v1') assert.deepEqual(query, []);
  const items = new Set(query.length === 0 ? [] : query.join('?').split('&').map(decodeURIComponent));
  // US Core's misspelt system is understood as the right one (USC-12); every other item means what it says.
  const known = [...items].filter((item) => !item.includes('//CodeSystem-observation-category'));
  const understood = scope.constraints.map(constraintKey);
  assert.ok(known.every((item) => understood.includes(item)));
  assert.ok(understood.length <= items.size && (understood.length > 0 || items.size === 0));
}

export const SCOPE_PROPERTIES: readonly Property[] = [
  property(
    {
      name: 'any-text',
      requirements: '[A037]',
      promise: 'no text makes it throw, and what is accepted or refused goes by the text that was sent',
    },
    anyText,
    (text) => {
      const parsed = parseScope(text);
      const said = parsed.ok ? parsed.scope.text : parsed.problem.scope;
      assert.ok(said === text || SMART_PREFIX + said === text || OPENID_PREFIX + said === text);
      const { scopes, problems } = parseScopeList(text);
      assert.ok(scopes.length + problems.length <= text.split(' ').length);
      assert.deepEqual(parseScopeList(formatScopeList(scopes)), { scopes, problems: [] });
    },
  ),
  property(
    {
      name: 'parse-format',
      requirements: '[SCO-11]',
      promise: 'reading what was written gives the same meaning back',
    },
    anyResourceScope,
    (text) => {
      const scope = resourceScope(text);
      const written = formatResourceScope(scope);
      assert.deepEqual(meaningOf(resourceScope(written)), meaningOf(scope));
      assert.equal(formatResourceScope(resourceScope(written)), written);
    },
  ),
  property(
    {
      name: 'mutation',
      requirements: '[A038] [SCO-04]',
      promise: 'a scope with a few characters changed is refused, or means no more than its text says',
    },
    mutated,
    (text) => {
      const parsed = parseScope(text);
      if (parsed.ok && parsed.scope.kind === 'resource') assertSaysAll(text, parsed.scope);
    },
  ),
  property(
    {
      name: 'uri-form',
      requirements: '[SCO-24]',
      promise: 'the URI form of a scope is that scope, and the URI form of nothing is nothing',
    },
    word,
    (text) => {
      if (uriForm(text) === text) return;
      const [asUri, asWritten] = [parseScope(uriForm(text)), parseScope(text)];
      if (asWritten.ok) assert.deepEqual(asUri, asWritten);
      else assert.deepEqual(asUri, { ok: false, problem: { ...asWritten.problem, scope: uriForm(text) } });
      assert.equal(parseScope(SMART_PREFIX + uriForm(text)).ok, false);
      assert.deepEqual(parseScopeList(`${uriForm(text)} ${text}`).scopes, parseScopeList(text).scopes);
    },
  ),
  property(
    {
      name: 'spaces',
      requirements: '[SCO-26]',
      promise: 'how many spaces stand between scopes, before and after them, changes nothing',
    },
    fc.array(fc.tuple(word, fc.nat(3)), { maxLength: 6 }),
    (parts) => {
      const plain = parts.map(([text]) => text).join(' ');
      const spaced = parts.map(([text, more]) => ' '.repeat(more) + text + ' '.repeat(more)).join(' ');
      assert.deepEqual(parseScopeList(spaced), parseScopeList(plain));
    },
  ),
];

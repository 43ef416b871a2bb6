import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  askedAbout,
  decideGrant,
  decideOffer,
  formatScopeList,
  granularChoices,
  isResourceScope,
  parseScopeList,
  seeingAndChanging,
  type GrantBounds,
  type ResourceScope,
  type Scope,
} from '../../src/smart/index.ts';
import { allows, nearbyScope, nearbyScopes, probe, textOf } from '../unit/smart/arbitraries.ts';
import { property, type Property } from './property.ts';
import {
  EVERYTHING,
  forBackend,
  isWithin,
  meanings,
  resourceScopesOf,
  word,
  words,
  wordsInV2,
} from './words.ts';

/** A request, everything that bounds it, and what a person then does with the offer. */
interface Case {
  readonly requested: string;
  readonly bounds: GrantBounds;
  /** Which of the offered scopes and of their finer choices are ticked, as bits. */
  readonly ticks: number;
  /** What is posted besides, offered or not. */
  readonly strays: readonly string[];
}

const aCase: fc.Arbitrary<Case> = fc
  .record({
    requested: words,
    registered: words,
    rights: fc.option(words, { nil: undefined }),
    isBackend: fc.nat(4).map((roll) => roll === 0),
    signsIn: fc.boolean(),
    mayRefresh: fc.boolean(),
    hasLaunch: fc.boolean(),
    hasFhirUser: fc.boolean(),
    ticks: fc.nat(),
    strays: fc.array(word, { maxLength: 3 }),
  })
  .map(({ requested, registered, rights, isBackend, signsIn, ticks, strays, ...facts }) => {
    const list = (texts: readonly string[]): string => (isBackend ? forBackend(texts) : texts).join(' ');
    const userRights = rights === undefined ? {} : { userRights: list(rights) };
    const flow = isBackend ? 'system' : 'user';
    const user = signsIn ? ['fhirUser', 'openid'] : [];
    return {
      requested: list([...user, ...requested]),
      bounds: { registered: list([...user, ...registered]), flow, ...userRights, ...facts },
      ticks,
      strays,
    };
  });

function ticked(offer: readonly Scope[], ticks: number): string[] {
  const boxes = askedAbout(offer).flatMap((scope) => [
    scope,
    ...(isResourceScope(scope) ? granularChoices(scope) : []),
  ]);
  return boxes.filter((_, at) => (ticks >> (at % 31)) & 1).map(({ text }) => text);
}

/** All granted data was asked for, registered, within the person's rights, and approved. */
function assertDataWithin(
  granted: readonly ResourceScope[],
  { requested, bounds }: Case,
  approved: readonly string[],
): void {
  assert.ok(isWithin(granted, resourceScopesOf(requested)), 'more than was asked for');
  assert.ok(isWithin(granted, resourceScopesOf(bounds.registered)), 'more than is registered');
  if (bounds.userRights !== undefined) {
    assert.ok(isWithin(granted, resourceScopesOf(bounds.userRights)), 'more than the person may');
  }
  assert.ok(isWithin(granted, resourceScopesOf(approved.join(' '))), 'more than was approved');
  assert.ok(granted.every(({ level }) => (level === 'system') === (bounds.flow === 'system')));
}

/** The same for what is not about data; each of these comes whole or not at all. */
function assertOtherWithin(granted: readonly Scope[], { requested, bounds }: Case, approved: string[]): void {
  const asked = new Set(parseScopeList(requested).scopes.map(({ text }) => text));
  const registered = new Set(parseScopeList(bounds.registered).scopes.map(({ text }) => text));
  for (const { kind, text } of granted) {
    assert.ok(asked.has(text) && approved.includes(text));
    assert.ok(registered.has(text) || (kind === 'context' && registered.has(text.split('?')[0] ?? '')));
    assert.ok(bounds.flow === 'user' || kind === 'extension');
    assert.ok(kind !== 'refresh' || bounds.mayRefresh);
    assert.ok(text !== 'launch' || bounds.hasLaunch);
    const isUserKnown = bounds.hasFhirUser && granted.some((other) => other.text === 'openid');
    assert.ok(text !== 'fhirUser' || isUserKnown);
  }
}

/** The one that matters most; `npm run fuzz` spends most of its runs here. */
export const GRANTED_IS_WITHIN: Property = property(
  {
    name: 'granted',
    requirements: '[SCO-14] [CONS-01] [CRG-10]',
    promise:
      'what is granted was requested, is registered, is within the rights of the user, and was approved',
  },
  aCase,
  (tried) => {
    const offer = decideOffer(tried.requested, tried.bounds).granted;
    const approved = [...ticked(offer, tried.ticks), ...tried.strays];
    const { granted } = decideGrant(offer, new Set(approved));
    const data = granted.filter(isResourceScope);
    assertDataWithin(data, tried, approved);
    assertOtherWithin(
      granted.filter((scope) => !isResourceScope(scope)),
      tried,
      approved,
    );
    assert.deepEqual(parseScopeList(formatScopeList(granted)), { scopes: granted, problems: [] });
  },
);

const allTrue = { flow: 'user', mayRefresh: true, hasLaunch: true, hasFhirUser: true } as const;

export const GRANT_PROPERTIES: readonly Property[] = [
  GRANTED_IS_WITHIN,
  property(
    {
      name: 'nothing-lost',
      requirements: '[CONS-01]',
      promise: 'the offer allows exactly what request, registration and the rights of the user all allow',
    },
    fc.tuple(nearbyScopes, nearbyScopes, nearbyScopes, probe),
    ([requested, registered, rights, asked]) => {
      const bounds = { ...allTrue, registered: textOf(registered), userRights: textOf(rights) };
      const { granted } = decideOffer(textOf(requested), bounds);
      const all = [requested, registered, rights].every((scopes) => allows(scopes, asked));
      assert.equal(allows(granted.filter(isResourceScope), asked), all);
    },
  ),
  property(
    {
      name: 'reasons',
      requirements: '[SCO-27]',
      promise: 'a scope asked for is offered in some form, or there is a reason; never both',
    },
    fc.tuple(word, fc.array(word, { maxLength: 8 }), fc.boolean()),
    ([requested, registered, hasLaunch]) => {
      const bounds = { ...allTrue, registered: registered.join(' '), hasLaunch };
      const { granted, dropped } = decideOffer(requested, bounds);
      assert.equal(dropped.length, granted.length > 0 ? 0 : 1);
    },
  ),
  property(
    {
      name: 'approval',
      requirements: '[A069]',
      promise: 'whatever is posted, a part of the offer is granted, and every offered scope is accounted for',
    },
    fc.tuple(
      nearbyScopes,
      fc.nat(),
      fc.array(fc.oneof(fc.constantFrom(...EVERYTHING.split(' ')), fc.string()), { maxLength: 10 }),
    ),
    ([offered, ticks, strays]) => {
      const questions = askedAbout(offered).filter(isResourceScope);
      const posted = new Set([...strays, ...textsOf(questions).filter((_, at) => (ticks >> (at % 31)) & 1)]);
      const { granted, dropped } = decideGrant(offered, posted);
      const agreed = [...offered, ...questions]
        .filter(({ text }) => posted.has(text))
        .flatMap(seeingAndChanging);
      const isAgreed = (question: ResourceScope): boolean => textsOf(agreed).includes(question.text);
      const data = granted.filter(isResourceScope);
      assert.ok(isWithin(data, questions.filter(isAgreed)) && isWithin(questions.filter(isAgreed), data));
      for (const scope of offered) {
        const named = new Set(dropped.map((one) => one.scope));
        for (const part of seeingAndChanging(scope))
          assert.equal(named.has(scope.text) || named.has(part.text), !isWithin([part], data));
      }
    },
  ),
  property(
    {
      name: 'finer-choices',
      requirements: '[CONS-10] [USC-14]',
      promise: 'what may be chosen instead of a scope is within that scope',
    },
    nearbyScope,
    (scope) => {
      for (const choice of granularChoices(scope)) assert.ok(isWithin([choice], [scope]));
    },
  ),
  property(
    {
      name: 'v1-v2',
      requirements: '[SCO-07] [V1-01]',
      promise: 'a request in v1 is decided like the same request in v2',
    },
    fc.tuple(aCase, fc.boolean()),
    ([tried, isRegisteredInV2]) => {
      const { requested, bounds, ticks } = tried;
      const registered = bounds.registered.split(' ');
      const inOther = {
        ...bounds,
        registered: (isRegisteredInV2 ? wordsInV2(registered) : registered).join(' '),
      };
      const one = decideOffer(requested, bounds);
      const two = decideOffer(wordsInV2(requested.split(' ')).join(' '), inOther);
      assert.deepEqual(meanings(one.granted), meanings(two.granted));
      const approved = new Set(wordsInV2(ticked(one.granted, ticks)));
      const grantedOne = decideGrant(
        one.granted,
        new Set([...ticked(one.granted, ticks), ...approved]),
      ).granted;
      const grantedTwo = decideGrant(two.granted, approved).granted;
      assert.deepEqual(meanings(grantedOne), meanings(grantedTwo));
      const reasons = ({ dropped }: typeof one): Set<string> =>
        new Set(dropped.map(({ scope, reason }) => `${wordsInV2([scope]).join('')} ${reason}`));
      assert.deepEqual(reasons(one), reasons(two));
    },
  ),
];

function textsOf(scopes: readonly Scope[]): string[] {
  return scopes.map(({ text }) => text);
}

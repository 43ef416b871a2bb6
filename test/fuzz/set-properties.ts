import assert from 'node:assert/strict';
import fc from 'fast-check';
import { covers, intersect, narrow, shortest, type ResourceScope } from '../../src/smart/index.ts';
import { allows, nearbyScope, nearbyScopes, probe, resourceScope } from '../unit/smart/arbitraries.ts';
import { property, type Property } from './property.ts';
import { inV2, isWithin } from './words.ts';

/** A scope whose text says what its members are. */
function assertSpeaksTrue(scope: ResourceScope): void {
  assert.deepEqual(resourceScope(scope.text), scope);
}

const inV2OrNothing = (scope: ResourceScope | undefined): string | undefined => scope && inV2(scope);

export const SET_PROPERTIES: readonly Property[] = [
  property(
    {
      name: 'covers-order',
      requirements: '[SCO-10] [SCO-17]',
      promise: 'a scope covers itself, and what is covered by a covered scope is covered',
    },
    fc.tuple(nearbyScope, nearbyScope, nearbyScope),
    ([one, two, three]) => {
      assert.ok(covers(one, one));
      if (covers(one, two) && covers(two, three)) assert.ok(covers(one, three));
      // Two overlaps in a row make a chain, where three scopes at random seldom are one.
      const narrower = intersect(two, one);
      const narrowest = narrower && intersect(three, narrower);
      if (!narrower || !narrowest) return;
      assert.ok(covers(one, narrower) && covers(narrower, narrowest) && covers(one, narrowest));
    },
  ),
  property(
    {
      name: 'intersect',
      requirements: '[SCO-14]',
      promise: 'what two scopes both allow is covered by each, whichever comes first, and nothing is lost',
    },
    fc.tuple(nearbyScope, nearbyScope, probe),
    ([one, other, asked]) => {
      const both = intersect(one, other);
      assert.equal(inV2OrNothing(both), inV2OrNothing(intersect(other, one)));
      assert.equal(both !== undefined && covers(both, asked), covers(one, asked) && covers(other, asked));
      if (!both) return;
      assert.ok(covers(one, both) && covers(other, both));
      assertSpeaksTrue(both);
    },
  ),
  property(
    {
      name: 'narrow',
      requirements: '[SCO-14]',
      promise: 'a scope narrowed to a list allows exactly what both allow, and each part says what it is',
    },
    fc.tuple(nearbyScope, nearbyScopes, probe),
    ([requested, allowed, asked]) => {
      const parts = narrow(requested, allowed);
      assert.ok(parts.every((part) => covers(requested, part)));
      assert.ok(isWithin(parts, allowed));
      assert.equal(allows(parts, asked), covers(requested, asked) && allows(allowed, asked));
      parts.forEach(assertSpeaksTrue);
    },
  ),
  property(
    {
      name: 'shortest',
      requirements: '[SCO-16]',
      promise: 'the shortest form allows neither more nor less, and no part of it is idle',
    },
    nearbyScopes,
    (scopes) => {
      const fewest = shortest(scopes);
      assert.ok(isWithin(scopes, fewest));
      assert.ok(isWithin(fewest, scopes));
      assert.ok(fewest.length <= scopes.length);
      for (const scope of fewest) {
        assertSpeaksTrue(scope);
        const others = fewest.filter((other) => other !== scope);
        assert.ok(!isWithin([scope], others));
      }
    },
  ),
];

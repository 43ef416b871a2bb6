import { describe, expect, test } from '@jest/globals';

import { createKnowledge } from '../../../src/resource-server/knowledge.ts';
import { createLook } from '../../../src/resource-server/look.ts';
import { createTokenCache } from '../../../src/resource-server/token-cache.ts';
import type { IntrospectionResult } from '../../../src/resource-server/index.ts';
import { tokenOf } from './token-of.ts';

const NOW = 1_800_000_000;
const JWT = 'aGVhZA.Ym9keQ.c2lnbg';

/** Everything around a look-up, with whoever is asked in our hands. */
function setUp(iat = NOW - 10, entries = 10) {
  let clock = NOW;
  const cache = createTokenCache({ entries, seconds: 60 });
  const knowledge = createKnowledge({ onEnded: cache.dropGrant, onResync: cache.clear });
  const token = { ...tokenOf('patient/*.rs'), grantRef: 'ref', iat, exp: NOW + 300 };
  const asked = { introspect: 0, jwt: 0 };
  let meanwhile: () => void = () => undefined;
  let answer: IntrospectionResult = { kind: 'active', token };
  const ask = (who: keyof typeof asked) => async () => {
    asked[who] += 1;
    meanwhile();
    return answer;
  };
  const look = createLook({
    ...{ knowledge, cache, clock: () => clock },
    introspect: ask('introspect'),
    readJwt: ask('jwt'),
  });
  return {
    ...{ look, knowledge, cache, asked, token },
    follow: (since: number) => {
      knowledge.resync(since);
      knowledge.knownTo(performance.now());
    },
    later: (seconds: number) => (clock += seconds),
    whileAsked: (work: () => void) => (meanwhile = work),
    answerWith: (other: IntrospectionResult) => (answer = other),
  };
}

describe('where a token is looked up', () => {
  test('[SEM-25] [REV-05] a JWT issued since the feed is followed is not asked about, unless its grant was named', async () => {
    const { look, follow, asked, knowledge } = setUp(NOW - 10);
    follow(NOW - 100);
    expect((await look(JWT)).kind).toBe('active');
    expect((await look(JWT)).kind).toBe('active');
    expect(asked).toEqual({ introspect: 0, jwt: 1 });
    knowledge.ended('ref');
    await look(JWT);
    expect(asked).toEqual({ introspect: 1, jwt: 2 });
  });

  test.each([
    ['issued before the feed was followed, or nearly', NOW - 75, true],
    ['while the feed is not fresh', NOW - 10, false],
  ])('[REV-05] a JWT %s is asked about', async (_when, iat, isFresh) => {
    const { look, knowledge, asked } = setUp(iat);
    knowledge.resync(NOW - 100);
    if (isFresh) knowledge.knownTo(performance.now());
    await look(JWT);
    expect(asked.introspect).toBe(1);
  });

  test('[REV-05] nothing is kept of what was told while it ended', async () => {
    const { look, follow, asked, knowledge, cache, whileAsked } = setUp();
    follow(NOW);
    whileAsked(() => {
      if (asked.introspect === 1) knowledge.ended('ref');
    });
    expect((await look('gat_1')).kind).toBe('active');
    expect([asked.introspect, cache.size]).toEqual([2, 1]);
    whileAsked(() => knowledge.resync(NOW));
    expect((await look('gat_2')).kind).toBe('unavailable');
    expect([asked.introspect, cache.size]).toEqual([4, 0]);
  });

  test('[REV-05] what is kept counts for a second without news, and what the feed names is forgotten', async () => {
    const { look, follow, asked, knowledge } = setUp();
    follow(NOW);
    await look('gat_1');
    knowledge.forget();
    knowledge.knownTo(performance.now() - 990);
    await look('gat_1');
    expect(asked.introspect).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await look('gat_1');
    expect(asked.introspect).toBe(2);
  });

  test('[SEM-01] nothing is kept beyond its end, nor longer than was said, nor more than was said', async () => {
    const { look, follow, asked, later, cache } = setUp(NOW, 2);
    follow(NOW);
    await look('gat_1');
    later(59);
    await look('gat_1');
    expect(asked.introspect).toBe(1);
    later(1);
    await look('gat_1');
    expect(asked.introspect).toBe(2);
    for (const text of ['gat_2', 'gat_3', 'gat_4']) await look(text);
    expect(cache.size).toBe(2);
    later(300);
    const before = asked.introspect;
    await look('gat_4');
    expect(asked.introspect).toBe(before + 1);
  });

  test('[SEM-25] a token without a name for its grant is never kept, and one that is not alive neither', async () => {
    const { look, follow, asked, answerWith, token, cache } = setUp();
    follow(NOW);
    const { grantRef: _ref, ...nameless } = token;
    answerWith({ kind: 'active', token: nameless });
    await look('gat_1');
    await look('gat_1');
    answerWith({ kind: 'inactive', description: 'no' });
    await look('gat_1');
    expect([asked.introspect, cache.size]).toEqual([3, 0]);
  });

  test('[REV-05] endings that had to be forgotten count for every token that was issued before them', () => {
    const knowledge = createKnowledge({ onEnded: () => undefined, onResync: () => undefined });
    knowledge.resync(NOW);
    for (let at = 0; at <= 20_000; at += 1) knowledge.ended(`ref-${at}`);
    expect(knowledge.covers('ref-0', NOW + 31)).toBe(false);
    expect(knowledge.covers('another', NOW + 33)).toBe(true);
    expect(knowledge.covers('ref-20000', NOW + 33)).toBe(false);
  });
});

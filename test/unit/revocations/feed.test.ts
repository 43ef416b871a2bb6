import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { createRevocationFeed, type Follower } from '../../../src/revocations/index.ts';
import { createRing } from '../../../src/revocations/ring.ts';

describe('the last endings', () => {
  test('[REV-05] a cursor is told what came after it, once', () => {
    const ring = createRing(3);
    const first = ring.since(undefined);
    expect(first).toMatchObject({ ended: [], resync: true });
    ring.add('a');
    ring.add('b');
    const second = ring.since(first.cursor);
    expect(second).toMatchObject({ ended: ['a', 'b'], resync: false });
    expect(ring.since(second.cursor)).toEqual({ cursor: second.cursor, ended: [], resync: false });
    ring.resync();
    expect(ring.since(second.cursor)).toMatchObject({ ended: [], resync: true });
    ring.add('c');
    expect(ring.since(ring.cursor())).toMatchObject({ ended: [], resync: false });
  });

  test('[REV-05] who comes too late, from another node or with nonsense, has to forget everything', () => {
    const ring = createRing(3);
    const { cursor } = ring.since(undefined);
    for (let at = 0; at < 7; at += 1) ring.add(String(at));
    expect(ring.since(cursor)).toMatchObject({ ended: [], resync: true });
    const ahead = cursor.replace(/\.\d+$/, '.99');
    for (const other of [createRing().cursor(), ahead, 'x', '.', `${cursor}e9`, cursor.replace('.', '.-')])
      expect(ring.since(other)).toMatchObject({ ended: [], resync: true });
  });
});

describe('the feed of a node', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** A feed, and everything it hears from in our hands. */
  function setUp() {
    let hears: Parameters<Parameters<typeof createRevocationFeed>[0]['watch']>[0] | undefined;
    const state = { revision: 'one' as string | undefined, refreshed: Promise.withResolvers<undefined>() };
    const feed = createRevocationFeed({
      watch: (given) => {
        hears = given;
        return () => undefined;
      },
      meaningOf: (name) => (name === 'memory' ? 'memory' : name === 'else' ? undefined : { ref: name }),
      revision: () => state.revision,
      refresh: () => state.refreshed.promise,
    });
    if (!hears) throw new TypeError('the feed listens');
    const told: string[] = [];
    const follower: Follower = {
      ended: (ref) => void told.push(ref),
      resync: () => void told.push('resync'),
      upTo: (moment) => void told.push(`to ${moment}`),
      end: () => void told.push('end'),
    };
    const unfollow = feed.follow(follower);
    return { feed, hears, state, told, follower, unfollow };
  }

  test('[REV-05] passes on what ended, and up to when all is told', () => {
    const { feed, hears, told, unfollow } = setUp();
    expect(feed.completeTo()).toBe(-Infinity);
    hears.ended('a');
    hears.ended('else');
    hears.upTo(5);
    hears.missed();
    expect([told, feed.completeTo(), feed.followers]).toEqual([['a', 'to 5', 'resync'], 5, 1]);
    unfollow();
    hears.ended('b');
    expect([told.length, feed.followers]).toEqual([3, 0]);
  });

  test('[REV-10] what nodes keep in memory is read anew before everybody forgets, and again when every node has', async () => {
    const { feed, hears, state, told } = setUp();
    hears.ended('memory');
    hears.upTo(5);
    expect([told, feed.completeTo()]).toEqual([[], -Infinity]);
    state.revision = 'two';
    state.refreshed.resolve(undefined);
    await jest.advanceTimersByTimeAsync(0);
    hears.upTo(6);
    expect(told).toEqual(['resync', 'to 6']);
    await jest.advanceTimersByTimeAsync(999);
    expect(told).toEqual(['resync', 'to 6']);
    await jest.advanceTimersByTimeAsync(101);
    expect(told).toEqual(['resync', 'to 6', 'resync']);
  });

  test('[REV-10] while it cannot be read nobody is told that all is told', async () => {
    const { hears, state, told } = setUp();
    state.refreshed.reject(new Error('the store is away'));
    hears.ended('memory');
    await jest.advanceTimersByTimeAsync(250);
    hears.upTo(5);
    expect(told).toEqual([]);
    state.refreshed = Promise.withResolvers();
    state.refreshed.resolve(undefined);
    await jest.advanceTimersByTimeAsync(100);
    expect(told).toEqual(['resync']);
  });

  test('[REV-05] of a store that is not the one we know nothing is claimed, and of another one everybody forgets', () => {
    const { hears, state, told } = setUp();
    state.revision = undefined;
    hears.upTo(5);
    expect(told).toEqual([]);
    state.revision = 'one';
    hears.upTo(6);
    expect(told).toEqual(['to 6']);
    state.revision = undefined;
    hears.upTo(7);
    state.revision = 'of another store';
    hears.upTo(8);
    expect(told).toEqual(['to 6', 'resync', 'to 8']);
  });

  test('[REV-05] once it was stopped it ends whoever follows, and whoever comes', () => {
    const { feed, told, follower } = setUp();
    feed.stop();
    feed.follow(follower);
    expect([told, feed.followers]).toEqual([['end', 'end'], 1]);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  StoreUnavailable,
  openEmbeddedStore,
  openForServer,
  openRedisStore,
  type Commit,
  type StoreDriver,
} from '../../src/store/index.ts';
import { startRedis } from '../support/redis-server.ts';
import { CALLERS, PLACES, atOnce, type Place } from './stores.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const countOf = (results: readonly unknown[], wanted: unknown): number =>
  results.filter((result) => result === wanted).length;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** Longer than the time to live it is used with, shorter than anyone would notice. */
const TTL_SECONDS = 0.08;
const AFTER_TTL_MS = 100;

let serial = 0;
/** Names in one Redis Cluster slot, of which no other test knows. */
function names(): { key: (name: string) => string } {
  serial += 1;
  const tag = `{t${serial}}`;
  return { key: (name) => `${tag}:${name}` };
}

describe.each(PLACES)('the %s driver', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  let other: StoreDriver;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
    other = await place.open();
  });
  afterAll(() => place.clear());

  const read = async (key: string, from = driver): Promise<string | undefined> => {
    const [value] = await from.getMany([key]);
    return value && Buffer.from(value).toString();
  };
  const put = (key: string, value: string, ttlSeconds?: number): Promise<void> =>
    driver.put({ key, value: bytes(value), ...(ttlSeconds === undefined ? {} : { ttlSeconds }) });
  /** Either of the two drivers over the same place, in turn. */
  const either = (at: number): StoreDriver => (at % 2 === 0 ? driver : other);

  test('[C2] says who it is', async () => {
    expect(driver.name).toBe(place.address[0]);
    await driver.ping();
  });

  test('[F08] laid out as it should be, nothing about it is a concern', async () => {
    expect(await driver.concerns()).toEqual([]);
  });

  describe('values', () => {
    test('[C2] what was put is read, also through another connection', async () => {
      const { key } = names();
      await put(key('a'), 'one');
      expect([await read(key('a')), await read(key('a'), other)]).toEqual(['one', 'one']);
    });

    test('[C2] many are read at once, in the order asked, what is not there as undefined', async () => {
      const { key } = names();
      await put(key('a'), 'one');
      await put(key('b'), 'two');
      const found = await driver.getMany([key('b'), key('nothing'), key('a'), key('b')]);
      expect(found.map((value) => value && Buffer.from(value).toString())).toEqual([
        'two',
        undefined,
        'one',
        'two',
      ]);
      expect(await driver.getMany([])).toEqual([]);
    });

    test('[C2.10] looked up over the connection for introspection it is the same, for many who ask at once', async () => {
      const { key } = names();
      await put(key('a'), 'one');
      await put(key('b'), 'two');
      const answers = await atOnce(() => driver.lookUp([key('b'), key('nothing'), key('a')]));
      for (const found of answers)
        expect(found.map((value) => value && Buffer.from(value).toString())).toEqual([
          'two',
          undefined,
          'one',
        ]);
    });

    test('[C2] putting again replaces the value and its time to live', async () => {
      const { key } = names();
      await put(key('a'), 'one', TTL_SECONDS);
      await put(key('a'), 'two');
      await put(key('b'), 'one');
      await put(key('b'), 'two', TTL_SECONDS);
      await delay(AFTER_TTL_MS);
      expect([await read(key('a')), await read(key('b'))]).toEqual(['two', undefined]);
    });

    test.each([
      ['every byte', Uint8Array.from({ length: 256 }, (_, at) => at)],
      ['nothing', new Uint8Array(0)],
      ['half of a character', Uint8Array.of(0xe2, 0x82)],
      ['a part of a larger array', Uint8Array.from({ length: 64 }, (_, at) => at).subarray(7, 21)],
      ['half a megabyte', new Uint8Array(512 * 1024).fill(0xff)],
    ])('[C2] %s comes back as it was', async (_what, value) => {
      const { key } = names();
      await driver.put({ key: key('put'), value });
      await driver.putIfAbsent({ key: key('add'), value });
      await driver.commit({ ...issue(key), puts: [{ key: key('commit'), value }] });
      const found = await driver.getMany([key('put'), key('add'), key('commit')]);
      expect(found.map((one) => one && Buffer.compare(one, value))).toEqual([0, 0, 0]);
      const taken = await driver.take(key('put'));
      expect(taken && Buffer.compare(taken, value)).toBe(0);
    });

    test('[C2] removed is gone, and removing what is not there is no error', async () => {
      const { key } = names();
      await Promise.all([put(key('a'), 'one'), put(key('b'), 'two'), put(key('c'), 'three')]);
      await driver.remove([key('a'), key('nothing'), key('b')]);
      await driver.remove([]);
      expect([await read(key('a')), await read(key('b')), await read(key('c'))]).toEqual([
        undefined,
        undefined,
        'three',
      ]);
    });

    test('[C2.4] after its time everything is gone for every way to ask', async () => {
      const { key } = names();
      await put(key('a'), 'one', TTL_SECONDS);
      await driver.putIfAbsent({ key: key('b'), value: bytes('two'), ttlSeconds: TTL_SECONDS });
      await driver.commit({
        ...issue(key),
        consume: [{ key: key('used'), ttlSeconds: TTL_SECONDS }],
        puts: [{ key: key('c'), value: bytes('three'), ttlSeconds: TTL_SECONDS }],
      });
      expect([await read(key('a')), await read(key('b')), await read(key('c'))]).toEqual([
        'one',
        'two',
        'three',
      ]);
      await delay(AFTER_TTL_MS);
      expect(await driver.getMany([key('a'), key('b'), key('c'), key('used')])).toEqual(
        Array(4).fill(undefined),
      );
      expect(await driver.take(key('a'))).toBeUndefined();
      expect(await driver.putIfAbsent({ key: key('b'), value: bytes('again') })).toBe(true);
    });

    test('[C2.4] a long time to live is not a short one', async () => {
      const { key } = names();
      await put(key('a'), 'one', 400 * 24 * 3600);
      expect(await read(key('a'))).toBe('one');
    });
  });

  describe('what happens once', () => {
    test.each([{}, { evenWhenFull: true, ttlSeconds: 60 }])(
      `[A145] [F26] of ${CALLERS} who put the same key at once, one is first: %j`,
      async (how) => {
        const { key } = names();
        const put = (at: number) => ({ key: key('jti'), value: bytes(`${at}`), ...how });
        const added = await atOnce((at) => either(at).putIfAbsent(put(at)));
        expect(countOf(added, true)).toBe(1);
        expect(await read(key('jti'))).toBe(`${added.indexOf(true)}`);
      },
    );

    test(`[A046] of ${CALLERS} who take the same value at once, one gets it`, async () => {
      const { key } = names();
      await put(key('launch'), 'context');
      const taken = await atOnce((at) => either(at).take(key('launch')));
      expect(
        taken.filter((value) => value !== undefined).map((value) => Buffer.from(value).toString()),
      ).toEqual(['context']);
      expect(await read(key('launch'))).toBeUndefined();
    });

    test(`[A100] [A101] [F24] of ${CALLERS} who redeem the same code at once one wins, and then the grant is dead`, async () => {
      const { key } = names();
      const outcomes = await atOnce((at) =>
        either(at).commit({ ...redeem(key), puts: [{ key: key(`at:${at}`), value: bytes('token') }] }),
      );
      expect(countOf(outcomes, 'committed')).toBe(1);
      expect(countOf(outcomes, 'lost')).toBe(1);
      expect(countOf(outcomes, 'revoked')).toBe(CALLERS - 2);

      const tokens = await driver.getMany(outcomes.map((_, at) => key(`at:${at}`)));
      expect(tokens.map((token) => token !== undefined)).toEqual(outcomes.map((one) => one === 'committed'));
      expect(await read(key('dead'))).toBeDefined();
      expect(await driver.commit(issue(key))).toBe('revoked');
    });

    test('[F24] [F26] of four processes exactly one gets each', async () => {
      const count = 400;
      await Promise.all(Array.from({ length: count }, (_, at) => put(`take:${at}`, 'value')));
      const won = await race(place.address, count, 4);
      const all = Array.from({ length: count }, (_, at) => at);
      const together = (what: 'taken' | 'added' | 'committed'): number[] =>
        won.flatMap((one) => one[what]).sort((a, b) => a - b);
      expect(together('taken')).toEqual(all);
      expect(together('added')).toEqual(all);
      expect(together('committed')).toEqual(all);
    });
  });

  describe('commit', () => {
    test('[C2.1] writes markers, values and removals together', async () => {
      const { key } = names();
      await put(key('old'), 'old');
      const outcome = await driver.commit({
        ...redeem(key),
        puts: [
          { key: key('at'), value: bytes('token') },
          { key: key('rt'), value: bytes('refresh'), ttlSeconds: 60 },
        ],
        removes: [key('old'), key('nothing')],
      });
      expect(outcome).toBe('committed');
      expect([await read(key('at')), await read(key('rt')), await read(key('old'))]).toEqual([
        'token',
        'refresh',
        undefined,
      ]);
      expect(await read(key('used'))).toBeDefined();
      expect(await read(key('dead'))).toBeUndefined();
    });

    test('[A099] who comes second loses: nothing of theirs is written, and the grant dies', async () => {
      const { key } = names();
      await put(key('old'), 'old');
      await driver.commit({ ...redeem(key), puts: [{ key: key('first'), value: bytes('1') }] });
      const second = {
        ...redeem(key),
        puts: [{ key: key('second'), value: bytes('2') }],
        removes: [key('old')],
      };
      expect(await driver.commit(second)).toBe('lost');
      expect([
        await read(key('second')),
        await read(key('old')),
        (await read(key('dead'))) !== undefined,
      ]).toEqual([undefined, 'old', true]);
    });

    test('[A099] one used marker among fresh ones is enough to lose, and the fresh ones stay unwritten', async () => {
      const { key } = names();
      await driver.commit(redeem(key));
      const consume = [
        { key: key('fresh'), ttlSeconds: 60 },
        { key: key('used'), ttlSeconds: 60 },
      ];
      expect(await driver.commit({ ...issue(key), consume })).toBe('lost');
      expect(await read(key('fresh'))).toBeUndefined();
    });

    test('[C2.3] of a dead grant nothing more is written', async () => {
      const { key } = names();
      expect(await driver.commit(revoke(key))).toBe('committed');
      const late = { ...redeem(key), puts: [{ key: key('late'), value: bytes('x') }] };
      expect(await driver.commit(late)).toBe('revoked');
      expect([await read(key('late')), await read(key('used'))]).toEqual([undefined, undefined]);
    });

    test('[A183] revoking is final at once for everybody, and can be repeated', async () => {
      const { key } = names();
      await put(key('grant'), 'grant');
      expect(await driver.commit({ ...revoke(key), removes: [key('grant')] })).toBe('committed');
      expect(await read(key('grant'), other)).toBeUndefined();
      expect(await other.commit(issue(key))).toBe('revoked');
      expect(await other.commit(revoke(key))).toBe('committed');
    });

    test('[C2.3] whoever races a revocation is either before it or gets nothing', async () => {
      const { key } = names();
      const outcomes = await atOnce((at) =>
        either(at).commit(
          at === 25
            ? { ...revoke(key), removes: Array.from({ length: CALLERS }, (_, one) => key(`at:${one}`)) }
            : { ...issue(key), puts: [{ key: key(`at:${at}`), value: bytes('token') }] },
        ),
      );
      const left = await driver.getMany(outcomes.map((_, at) => key(`at:${at}`)));
      expect(left.filter((token) => token !== undefined)).toEqual([]);
      expect(outcomes[25]).toBe('committed');
      expect(countOf(outcomes, 'lost')).toBe(0);
    });

    test('[C2.3] a tombstone is kept as long as it is told to', async () => {
      const { key } = names();
      await driver.commit({ ...revoke(key), deadTtlSeconds: TTL_SECONDS });
      expect(await driver.commit(issue(key))).toBe('revoked');
      await delay(AFTER_TTL_MS);
      expect(await driver.commit(issue(key))).toBe('committed');
    });

    test('[C2.4] a marker outlives what it marks and is forgotten after its time', async () => {
      const { key } = names();
      const brief = { ...issue(key), consume: [{ key: key('used'), ttlSeconds: TTL_SECONDS }] };
      expect(await driver.commit(brief)).toBe('committed');
      await delay(AFTER_TTL_MS);
      expect(await driver.commit(brief)).toBe('committed');
    });
  });

  describe('indexes', () => {
    const membersOf = async (index: string, from = driver): Promise<string[]> =>
      [...(await from.members(index))].sort();

    test('[C2] members are there once, until they are removed', async () => {
      const index = names().key('index');
      expect(await membersOf(index)).toEqual([]);
      await Promise.all(['b', 'a', 'b', 'ä }:'].map((member) => driver.addMember(index, member)));
      expect(await membersOf(index, other)).toEqual(['a', 'b', 'ä }:']);
      await driver.removeMember(index, 'a');
      await driver.removeMember(index, 'nobody');
      expect(await membersOf(index)).toEqual(['b', 'ä }:']);
    });

    test('[C2] indexes do not know each other', async () => {
      const { key } = names();
      await driver.addMember(key('one'), 'a');
      expect(await membersOf(key('other'))).toEqual([]);
    });

    test('[C2] a member is there until the second it expires', async () => {
      const index = names().key('index');
      await driver.addMember(index, 'past', nowSeconds() - 1);
      await driver.addMember(index, 'now', nowSeconds());
      await driver.addMember(index, 'soon', nowSeconds() + 60);
      await driver.addMember(index, 'always');
      expect(await membersOf(index)).toEqual(['always', 'soon']);
    });

    test('[C2] adding again sets the new expiry, earlier or later', async () => {
      const index = names().key('index');
      await driver.addMember(index, 'renewed', nowSeconds() - 1);
      await driver.addMember(index, 'renewed', nowSeconds() + 60);
      await driver.addMember(index, 'ended');
      await driver.addMember(index, 'ended', nowSeconds() - 1);
      expect(await membersOf(index)).toEqual(['renewed']);
    });

    test(`[C2] ${CALLERS} may add at once`, async () => {
      const index = names().key('index');
      await atOnce((at) => either(at).addMember(index, `m${at}`, nowSeconds() + 60));
      expect(await driver.members(index)).toHaveLength(CALLERS);
    });
  });

  describe('counters', () => {
    test('[C2.5] add up for everybody, take back, and never go below none', async () => {
      const { key } = names();
      expect(await driver.count(key('n'), 1, 60)).toEqual({ total: 1, msLeft: 60_000 });
      expect(await other.count(key('n'), 2, 60)).toMatchObject({ total: 3 });
      expect(await driver.count(key('n'), -1, 60)).toMatchObject({ total: 2 });
      expect(await driver.count(key('n'), -5, 60)).toMatchObject({ total: 0 });
      expect(await driver.count(key('n'), 1, 60)).toMatchObject({ total: 1 });
    });

    test('[C2.5] reading and taking back begin nothing', async () => {
      const { key } = names();
      expect(await driver.count(key('n'), 0, 60)).toEqual({ total: 0, msLeft: 0 });
      expect(await driver.count(key('n'), -1, 60)).toEqual({ total: 0, msLeft: 0 });
      expect(await read(key('n'))).toBeUndefined();
      await driver.count(key('n'), 4, 60);
      expect(await other.count(key('n'), 0, 1)).toMatchObject({ total: 4 });
    });

    test('[C2.5] the window begins with the first and never moves; then it is forgotten', async () => {
      const { key } = names();
      await driver.count(key('n'), 1, TTL_SECONDS);
      const again = await driver.count(key('n'), 1, 60);
      expect(again.total).toBe(2);
      expect(again.msLeft).toBeLessThanOrEqual(TTL_SECONDS * 1000);
      await delay(AFTER_TTL_MS);
      expect(await driver.count(key('n'), 1, 60)).toEqual({ total: 1, msLeft: 60_000 });
    });

    test(`[C2.5] of ${CALLERS} who count at once each gets a total of its own`, async () => {
      const { key } = names();
      const counts = await atOnce((at) => either(at).count(key('n'), 1, 60));
      const totals = counts.map(({ total }) => total).sort((one, two) => one - two);
      expect(totals).toEqual(Array.from({ length: CALLERS }, (_, at) => at + 1));
    });

    test('[C2.5] a counter can be removed', async () => {
      const { key } = names();
      await driver.count(key('n'), 3, 60);
      await driver.remove([key('n')]);
      expect(await other.count(key('n'), 1, 60)).toMatchObject({ total: 1 });
    });
  });

  // The last one: it takes the place away from the others too.
  test('[A184] [F01] when the store is gone, no question is answered, least of all with "absent"', async () => {
    const { key } = names();
    const lost = await place.open();
    await lost.put({ key: key('a'), value: bytes('one') });
    await place.takeAway(lost);
    const questions: readonly (() => Promise<unknown>)[] = [
      () => lost.getMany([key('a')]),
      () => lost.put({ key: key('a'), value: bytes('two') }),
      () => lost.putIfAbsent({ key: key('b'), value: bytes('two') }),
      () => lost.take(key('a')),
      () => lost.remove([key('a')]),
      () => lost.commit(issue(key)),
      () => lost.commit(revoke(key)),
      () => lost.addMember(key('index'), 'm'),
      () => lost.removeMember(key('index'), 'm'),
      () => lost.members(key('index')),
      () => lost.count(key('n'), 1, 60),
      () => lost.ping(),
    ];
    for (const ask of questions) await expect(ask()).rejects.toThrow(StoreUnavailable);
    await lost.close();
    await lost.close();
  });
});

type Key = (name: string) => string;

const issue = (key: Key): Commit => ({
  mode: 'issue',
  deadKey: key('dead'),
  deadTtlSeconds: 60,
  consume: [],
  puts: [],
  removes: [],
});
const redeem = (key: Key): Commit => ({ ...issue(key), consume: [{ key: key('used'), ttlSeconds: 60 }] });
const revoke = (key: Key): Commit => ({ ...issue(key), mode: 'revoke' });

type Won = Record<'taken' | 'added' | 'committed', number[]>;

/** Starts processes that all wait for one signal, and collects what each of them won. */
async function race(
  [name, where]: readonly [string, string],
  count: number,
  processes: number,
): Promise<Won[]> {
  const script = path.join(import.meta.dirname, 'racer.ts');
  const racers = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [script, name, where, String(count)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { text: '', problem: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.problem += chunk.toString()));
    return { child, output, ready: once(child.stdout, 'data'), ended: once(child, 'close') };
  });
  await Promise.all(racers.map(({ ready, ended }) => Promise.race([ready, ended])));
  for (const { child } of racers) child.stdin.write('go\n');
  await Promise.all(racers.map(({ ended }) => ended));
  return racers.map(({ output }) => {
    const [, won] = output.text.split('\n');
    if (!won) throw new Error(`a racer ended without a result: ${output.problem}`);
    return JSON.parse(won) as Won;
  });
}

describe('openRedisStore', () => {
  test('[F01] nobody there: says where, and never the password', async () => {
    const opening = openRedisStore('redis://gatehouse:hunter2@127.0.0.1:1/3', () => undefined);
    const error = await opening.catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain('127.0.0.1:1/3');
    expect(String(error)).not.toContain('hunter2');
  });

  test('[F02] [F21] when Redis comes back the same driver answers again, and what was acknowledged is still there', async () => {
    const server = await startRedis({ appendOnly: true });
    const driver = await openRedisStore(server.url, () => undefined);
    try {
      const { key } = names();
      await driver.commit(redeem(key));
      await server.kill();
      await expect(driver.ping()).rejects.toThrow(StoreUnavailable);
      await server.restart();
      await untilAnswered(() => driver.ping());
      expect(await driver.commit(redeem(key))).toBe('lost');
    } finally {
      await driver.close();
      await server.stop();
    }
  });

  test('[F05] [F15] a Redis that hangs is a store that is away, not an empty one', async () => {
    const server = await startRedis();
    const driver = await openRedisStore(server.url, () => undefined);
    try {
      process.kill(server.pid, 'SIGSTOP');
      const answers = await Promise.allSettled([driver.getMany(['a']), driver.take('a')]);
      expect(
        answers.map((one) => one.status === 'rejected' && one.reason instanceof StoreUnavailable),
      ).toEqual([true, true]);
    } finally {
      process.kill(server.pid, 'SIGCONT');
      await driver.close();
      await server.stop();
    }
  });

  test('[F07] out of memory a commit writes all of it or nothing, and reading goes on', async () => {
    const server = await startRedis();
    const driver = await openRedisStore(server.url, () => undefined);
    try {
      const { key } = names();
      await driver.put({ key: key('a'), value: bytes('one') });
      await server.tell('CONFIG SET maxmemory 1');
      await expect(driver.commit(redeem(key))).rejects.toThrow(StoreUnavailable);
      const found = await driver.getMany([key('a'), key('used'), key('dead')]);
      expect(found.map((value) => value !== undefined)).toEqual([true, false, false]);
      await server.tell('CONFIG SET maxmemory 0');
      expect(await driver.commit(redeem(key))).toBe('committed');
    } finally {
      await driver.close();
      await server.stop();
    }
  });
});

describe('openEmbeddedStore', () => {
  test('[F01] a folder that cannot be written to is reported with its path', () => {
    expect(() => openEmbeddedStore('/dev/null/data')).toThrow(StoreUnavailable);
    expect(() => openEmbeddedStore('/dev/null/data')).toThrow('/dev/null/data/gatehouse.sqlite');
  });

  test('[C2.7] a lock that cannot be taken, for whatever reason, is no lock: no server starts', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-lock-'));
    try {
      await writeFile(
        path.join(folder, 'server.lock'),
        'this is no lock of ours, and long enough to be looked at',
      );
      await expect(openForServer(folder)).rejects.toThrow(/server\.lock: file is not a database/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('[SEC-11] nobody else may read the file; what was acknowledged survives the process', async () => {
    const place = await PLACES[0]![1]();
    try {
      const first = await place.open();
      const { key } = names();
      await first.commit(redeem(key));
      expect((await stat(first.location)).mode & 0o777).toBe(0o600);
      await first.close();
      expect(await (await place.open()).commit(redeem(key))).toBe('lost');
    } finally {
      await place.clear();
    }
  });
});

async function untilAnswered(ask: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(20);
    }
  }
}

test('[F08] a Redis that may forget says so; the embedded store has no such concern', async () => {
  const redis = await startRedis();
  try {
    const driver = await openRedisStore(redis.url, () => undefined);
    const concerns = await driver.concerns();
    await driver.close();
    expect(concerns.join('\n')).toMatch(/appendonly is off/);
  } finally {
    await redis.stop();
  }
});

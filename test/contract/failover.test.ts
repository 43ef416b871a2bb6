import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoreUnavailable, type Commit, type StoreDriver } from '../../src/store/index.ts';
import {
  masterOf,
  primaryInSync,
  startCluster,
  startSentinels,
  type Topology,
} from '../support/redis-topologies.ts';
import { openQuietly } from './stores.ts';

/** Sentinels take a second or two to agree and to choose; two cores may take longer. */
const FAILOVER_MS = 15_000;
/** What one question may take: the command timeout (A184), and some for a busy machine. */
const ANSWER_MS = 1500;
const POLL_MS = 50;
/** So many good answers in a row: a second and a half. */
const STEADY = 30;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const redeem = (tag: string): Commit => ({
  mode: 'issue',
  deadKey: `{${tag}}:dead`,
  deadTtlSeconds: 60,
  consume: [{ key: `{${tag}}:used`, ttlSeconds: 60 }],
  puts: [],
  removes: [],
});

/** What the store answered, or that it could not; anything else, and an answer that does not come, fails the test. */
async function answerOf<Result>(question: Promise<Result>): Promise<Result | 'unavailable'> {
  const began = Date.now();
  try {
    return await question;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return 'unavailable';
  } finally {
    expect(Date.now() - began).toBeLessThan(ANSWER_MS);
  }
}

describe('a primary that sentinels watch', () => {
  let topology: Topology;
  let driver: StoreDriver;
  beforeAll(async () => {
    topology = await startSentinels({ downAfterMs: 500, replicas: 3 });
    driver = await openQuietly(topology.place);
  });
  afterAll(async () => {
    await driver?.close();
    await topology?.stop();
  });

  /**
   * Asks until writing works again and goes on working, since each sentinel tells of the failover in its own time; says how
   * often it did not. Reading meanwhile is never answered "absent". */
  async function untilWritten(tag: string): Promise<number> {
    const deadline = Date.now() + FAILOVER_MS;
    for (let [refused, good] = [0, 0]; ;) {
      const [read] = (await answerOf(driver.getMany([`{${tag}}:a`]))) as (Uint8Array | string | undefined)[];
      expect(read).toBeDefined();
      const written = await answerOf(driver.put({ key: `{${tag}}:b`, value: bytes('two') }));
      good = written === undefined ? good + 1 : 0;
      if (good === STEADY) return refused;
      if (good === 0) refused += 1;
      expect(Date.now()).toBeLessThan(deadline);
      await delay(POLL_MS);
    }
  }

  test.each([
    // Each failover leaves one replica less; a primary without any takes no writes.
    ['hangs', 'SIGSTOP', 3],
    ['dies', 'SIGKILL', 2],
  ] as const)(
    '[C2.10] [F10] when the primary %s the store is away for some seconds, and then has everything',
    async (tag, signal, replicas) => {
      await driver.put({ key: `{${tag}}:a`, value: bytes('one') });
      expect(await driver.commit(redeem(tag))).toBe('committed');
      const primary = await primaryInSync(topology, replicas);
      process.kill(primary.pid, signal);
      expect(await untilWritten(tag)).toBeGreaterThan(0);
      const [kept] = await driver.getMany([`{${tag}}:a`]);
      expect(kept && Buffer.from(kept).toString()).toBe('one');
      expect(await driver.commit(redeem(tag))).toBe('lost');
      await driver.ping();
    },
  );
});

describe('a cluster', () => {
  let topology: Topology;
  let driver: StoreDriver;
  beforeAll(async () => {
    topology = await startCluster({ nodeTimeoutMs: 1000 });
    driver = await openQuietly(topology.place);
  });
  afterAll(async () => {
    await driver?.close();
    await topology?.stop();
  });

  test('[C2.9] [F13] without one of three masters its keys are unavailable, the others work, and so it stays', async () => {
    const tags = Array.from({ length: 30 }, (_, at) => `t${at}`);
    await Promise.all(tags.map((tag) => driver.put({ key: `{${tag}}:a`, value: bytes(tag) })));
    const [, victim] = topology.data;
    const lost: boolean[] = [];
    for (const tag of tags) lost.push((await masterOf(topology, `{${tag}}:a`)) === victim);
    expect(new Set(lost).size).toBe(2);
    await victim?.kill();

    const answers = async (): Promise<readonly (readonly unknown[])[]> =>
      Promise.all(
        tags.map(async (tag) => {
          const read = await answerOf(driver.getMany([`{${tag}}:a`]));
          const text = read === 'unavailable' ? read : read[0] && Buffer.from(read[0]).toString();
          return [text, await answerOf(driver.put({ key: `{${tag}}:b`, value: bytes('two') }))];
        }),
      );
    const expected = tags.map((tag, at) => (lost[at] ? ['unavailable', 'unavailable'] : [tag, undefined]));
    expect(await answers()).toEqual(expected);
    // Also when the others have found out, and after we asked for the slots anew.
    await delay(2500);
    expect(await answers()).toEqual(expected);
    expect(await answerOf(driver.ping())).toBe('unavailable');

    await victim?.restart();
    const deadline = Date.now() + FAILOVER_MS;
    while ((await answerOf(driver.ping())) === 'unavailable' && Date.now() < deadline) await delay(POLL_MS);
    expect((await answers()).map(([text]) => text)).toEqual(tags);
  });
});

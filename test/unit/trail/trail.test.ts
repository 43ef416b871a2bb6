import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { createHash } from 'node:crypto';

import type { AuditRecord } from '../../../src/audit/index.ts';
import {
  createTrail,
  recordsIn,
  verifyTrails,
  type ChainReport,
  type Head,
  type TrailParts,
  type TrailSource,
} from '../../../src/trail/index.ts';

let key: { kid: string; alg: string; jwk: JWK };
let publicKey: JWK;
beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = { kid: 'trail-1', alg: 'ES256', jwk: await exportJWK(pair.privateKey) };
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'trail-1', alg: 'ES256' };
});

const record = (number: number): AuditRecord => ({
  ...{ type: 'token.issued', outcome: 'success', grantType: 'refresh_token', accountId: `a${number}` },
  ...{ recorded: new Date(1_800_000_000_000 + number).toISOString(), timeSource: 'system' },
});

interface Kept {
  readonly chains: Map<string, string[]>;
  /** Appends fail while it is set. */
  broken: boolean;
}
const nothingKept = (): Kept => ({ chains: new Map(), broken: false });

function trailOn(kept: Kept, parts: Partial<TrailParts> = {}) {
  return createTrail({
    newFile: (chain) => ({
      async append(lines) {
        await Promise.resolve();
        if (kept.broken) throw new Error('the disk is full');
        kept.chains.set(chain, [...(kept.chains.get(chain) ?? []), ...lines]);
      },
      close: async () => undefined,
      discard: async () => void kept.chains.delete(chain),
    }),
    others: async () => headsOf(kept),
    key: async () => key,
    newId: () => `chain-${kept.chains.size + 1}`,
    now: () => 1_800_000_000_000,
    onFailure: (error) => {
      throw error;
    },
    ...parts,
  });
}
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
const headsOf = ({ chains }: Kept): Head[] =>
  [...chains].map(([chain, lines]) => ({ chain, seq: lines.length - 1, hash: hash(lines.at(-1) ?? '') }));

/** A chain of records with a checkpoint after each so many, ended as it should be. */
async function written(count: number, every = 5): Promise<Kept> {
  const kept = nothingKept();
  const trail = trailOn(kept);
  for (let number = 0; number < count; number += 1) {
    await trail.write(record(number));
    if (number % every === every - 1) await trail.checkpoint();
  }
  await trail.close();
  return kept;
}
const keysNow = async (): Promise<readonly JWK[]> => [publicKey];
const sourceOf = (chains: ReadonlyMap<string, readonly string[]>): TrailSource => ({
  firstLines: () => [...chains].map(([chain, [first = '']]) => [chain, first] as const),
  chains: () => chains,
});
const verified = async ({ chains }: Kept, anchors: readonly Head[] = []): Promise<readonly ChainReport[]> =>
  verifyTrails(sourceOf(chains), keysNow, anchors);
const only = async (lines: readonly string[]): Promise<ChainReport> =>
  (await verifyTrails(sourceOf(new Map([['chain-1', lines]])), keysNow))[0]!;
/** The hashes of a chain, computed anew by somebody who has no key. */
function rechained(lines: readonly string[]): string[] {
  let prev = '';
  return lines.map((text, seq) => {
    const line = JSON.stringify({ ...(JSON.parse(text) as object), seq, prev });
    prev = hash(line);
    return line;
  });
}

describe('a chain that nobody touched', () => {
  test('[SEC-4] every record is there, in order, and signed', async () => {
    const kept = await written(12);
    const [report] = await verified(kept);
    expect(report).toMatchObject({ records: 12, checkpoints: 3, unsigned: 0, closed: true, torn: false });
    expect(report).not.toHaveProperty('fault');
    expect(recordsIn(kept.chains.get('chain-1')!)).toEqual(Array.from({ length: 12 }, (_, at) => record(at)));
  });

  test('[SEC-4] a process that stops says so, also where nothing was left to sign', async () => {
    expect((await verified(await written(10)))[0]).toMatchObject({
      checkpoints: 3,
      unsigned: 0,
      closed: true,
    });
  });

  test('[SEC-4] what comes at once goes to disk together, in the order in which it came', async () => {
    const kept = nothingKept();
    let appends = 0;
    const trail = trailOn(kept, {
      newFile: () => ({
        append: async (lines) => {
          appends += 1;
          await new Promise((resolve) => setTimeout(resolve, 2));
          kept.chains.set('chain-1', [...(kept.chains.get('chain-1') ?? []), ...lines]);
        },
        close: async () => undefined,
        discard: async () => undefined,
      }),
    });
    await Promise.all(Array.from({ length: 100 }, (_, at) => trail.write(record(at))));
    expect(appends).toBeLessThan(5);
    await trail.close();
    expect(recordsIn(kept.chains.get('chain-1')!).map(({ recorded }) => recorded)).toEqual(
      Array.from({ length: 100 }, (_, at) => record(at).recorded),
    );
    expect((await verified(kept))[0]).not.toHaveProperty('fault');
  });

  test('[F36] a chain that could not begin leaves nothing behind, however often it is tried', async () => {
    const kept = nothingKept();
    const discarded: string[] = [];
    const trail = trailOn(kept, {
      newFile: (chain) => ({
        append: () => Promise.reject(new Error('the disk is full')),
        close: async () => undefined,
        discard: async () => void discarded.push(chain),
      }),
    });
    for (const number of [1, 2]) await expect(trail.write(record(number))).rejects.toThrow('full');
    expect(discarded).toHaveLength(2);
    await trail.close();
  });

  test('[SEC-4] after 256 records it is signed without being told', async () => {
    const kept = nothingKept();
    const trail = trailOn(kept);
    for (let number = 0; number < 255; number += 1) await trail.write(record(number));
    // With the line that begins the chain it is the 256th; asked now, there is nothing more to sign.
    await trail.checkpoint();
    expect((await verified(kept))[0]).toMatchObject({ records: 255, checkpoints: 1, unsigned: 0 });
    await trail.write(record(255));
    expect((await verified(kept))[0]).toMatchObject({ checkpoints: 1, unsigned: 1 });
    await trail.close();
  });

  test('[SEC-4] what was killed is no fault: the tail is unsigned, and its last line may be torn', async () => {
    const lines = (await written(12)).chains.get('chain-1')!;
    const cut = lines.slice(0, -2);
    expect(await only(cut)).toMatchObject({ unsigned: 1, closed: false, torn: false });
    expect(await only([...cut, lines.at(-1)!.slice(0, 30)])).toMatchObject({ unsigned: 1, torn: true });
    for (const report of [await only(cut), await only([...cut, '{"chain":'])])
      expect(report).not.toHaveProperty('fault');
  });

  test('[SEC-4] a store that has no key to give holds up no record, is asked seldom, and signs later', async () => {
    const kept = nothingKept();
    let [asked, isAway] = [0, true];
    const failures: unknown[] = [];
    const trail = trailOn(kept, {
      key: async () => {
        asked += 1;
        if (isAway) throw new Error('the store is away');
        return key;
      },
      onFailure: (error) => void failures.push(error),
    });
    for (let number = 0; number < 600; number += 1) await trail.write(record(number));
    expect(asked).toBe(2);
    expect(failures).toHaveLength(2);
    isAway = false;
    await trail.close();
    expect((await verified(kept))[0]).toMatchObject({
      records: 600,
      checkpoints: 1,
      unsigned: 0,
      closed: true,
    });
  });

  test('[SEC-4] a disk that fails loses no record it took: another chain begins, and names the one before', async () => {
    const kept = nothingKept();
    const trail = trailOn(kept);
    await trail.write(record(1));
    kept.broken = true;
    await expect(trail.write(record(2))).rejects.toThrow('the disk is full');
    kept.broken = false;
    await trail.write(record(3));
    await trail.close();
    const reports = await verified(kept);
    expect(reports.map(({ records, fault }) => [records, fault])).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
    kept.chains.get('chain-1')!.pop();
    expect((await verified(kept))[0]?.fault).toEqual({ kind: 'truncated', seq: 1 });
    kept.chains.delete('chain-1');
    expect(await verified(kept)).toContainEqual(
      expect.objectContaining({ chain: 'chain-1', fault: { kind: 'missing', seq: 0 } }),
    );
  });
});

describe('a chain that somebody changed', () => {
  const edit = (text: string): string => text.replace('refresh_token', 'client_credentials');
  const swapped = (lines: readonly string[], at: number): string[] =>
    lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!);
  /** Index of the line of a record before the last checkpoint, and of one after which there is another. */
  const places = (lines: readonly string[]): number[] =>
    lines.flatMap((text, at) => (text.includes('"record"') && at < lines.length - 1 ? [at] : []));

  test.each([
    ['as it lies', (lines: readonly string[]) => [...lines]],
    ['with all hashes computed anew', rechained],
  ])('[SEC-4] any record that is edited, cut out, put in or swapped is named, %s', async (_how, chained) => {
    const lines = (await written(14)).chains.get('chain-1')!;
    const fault = async (changed: readonly string[]) => (await only(chained(changed))).fault;
    for (const at of places(lines)) {
      const strange = lines[at]!.replace(/"accountId":"a\d+"/, '"accountId":"mallory"');
      expect(await fault(lines.with(at, edit(lines[at]!)))).toEqual({ kind: 'edited', seq: at });
      expect(await fault(lines.toSpliced(at, 1))).toEqual({ kind: 'deleted', seq: at });
      expect(await fault(lines.toSpliced(at, 0, strange))).toEqual({ kind: 'inserted', seq: at });
      const copy = lines.findLast((text) => text.includes('"record"'))!;
      if (lines[at] !== copy)
        expect(await fault(lines.toSpliced(at, 0, copy))).toEqual({ kind: 'inserted', seq: at });
      if (lines[at + 1]!.includes('"record"'))
        expect(await fault(swapped(lines, at))).toEqual({ kind: 'reordered', seq: at });
    }
  });

  test('[SEC-4] a checkpoint that is forged, edited or cut out is named', async () => {
    const lines = (await written(14)).chains.get('chain-1')!;
    const marks = lines.flatMap((text, at) => (text.includes('"checkpoint"') ? [at] : []));
    const [first = 0, second = 0] = marks;
    const forged = lines.with(first, lines[first]!.replace(/.{4}"}$/, 'AAAA"}'));
    expect((await only(forged)).fault).toEqual({ kind: 'edited', seq: first });
    expect((await only(rechained(forged))).fault).toEqual({ kind: 'bad-signature', seq: first });
    expect((await only(lines.toSpliced(first, 1))).fault).toEqual({ kind: 'deleted', seq: first });
    expect((await only(rechained(lines.toSpliced(first, 1)))).fault).toEqual({ kind: 'deleted', seq: first });
    const moved = { ...(JSON.parse(lines[first]!) as object), seq: second, prev: 'x' };
    expect((await only(lines.with(second, JSON.stringify(moved)))).fault).toBeDefined();
  });

  test('[SEC-4] another key is not believed, and one that is not given is said', async () => {
    const lines = (await written(6)).chains.get('chain-1')!;
    const other = { ...publicKey, kid: 'other' };
    const [report] = await verifyTrails(sourceOf(new Map([['chain-1', lines]])), async () => [other]);
    expect(report?.fault?.kind).toBe('unknown-key');
    const stranger = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey);
    const mine = { ...stranger, kid: 'trail-1', alg: 'ES256' };
    const [forged] = await verifyTrails(sourceOf(new Map([['chain-1', lines]])), async () => [mine]);
    expect(forged?.fault?.kind).toBe('bad-signature');
  });

  test('[SEC-4] what is cut off at the end shows by a head that was kept elsewhere', async () => {
    const kept = await written(12);
    const anchors = headsOf(kept);
    const lines = kept.chains.get('chain-1')!;
    expect(await verified(kept, anchors)).not.toContainEqual(
      expect.objectContaining({ fault: expect.anything() }),
    );
    kept.chains.set('chain-1', lines.slice(0, 4));
    expect((await verified(kept))[0]).not.toHaveProperty('fault');
    expect((await verified(kept, anchors))[0]?.fault).toEqual({ kind: 'truncated', seq: 4 });
    kept.chains.delete('chain-1');
    expect((await verified(kept, anchors))[0]?.fault).toEqual({ kind: 'missing', seq: 0 });
  });

  test('[SEC-4] a line that means the same and is written otherwise was edited', async () => {
    const lines = (await written(6)).chains.get('chain-1')!;
    const spaced = lines[2]!.replace('{"chain"', '{ "chain"');
    expect((await only(lines.with(2, spaced))).fault).toEqual({ kind: 'edited', seq: 2 });
  });

  test('[SEC-4] no single character before the last checkpoint changes unseen', async () => {
    const lines = (await written(9, 3)).chains.get('chain-1')!;
    const text = lines.join('\n');
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), async (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(text[at] !== character);
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`.split('\n');
        const report = await only(changed);
        const isLast = at >= text.length - lines.at(-1)!.length - 1;
        // Of the last line nothing is left to sign it: it is torn, or its signature is wrong.
        return report.fault !== undefined || (isLast && report.torn);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a log whose checkpoints were taken away', () => {
  const MINUTE = 60_000;
  /** A record every second for so long, of a process that was killed and one that came after it. */
  async function twoProcesses(minutes: number): Promise<Kept> {
    const kept = nothingKept();
    for (const part of [0, 1]) {
      const trail = trailOn(kept);
      for (let second = 0; second < minutes * 60; second += 10) {
        await trail.write(record((part * minutes * 60 + second) * 1000));
        await trail.checkpoint();
      }
      await trail.write(record((part + 1) * minutes * MINUTE));
      if (part === 1) await trail.close();
    }
    return kept;
  }
  const faultsIn = async (kept: Kept) => (await verified(kept)).map(({ fault }) => fault?.kind);

  test('[SEC-4] a tail that was killed before it was signed is proven by who came after it', async () => {
    const kept = await twoProcesses(3);
    const reports = await verified(kept);
    expect(reports.map(({ closed, unsigned }) => [closed, unsigned])).toEqual([
      [false, 0],
      [true, 0],
    ]);
    expect(await faultsIn(kept)).toEqual([undefined, undefined]);
    expect(reports[0]?.kids).toEqual(['trail-1']);
  });

  test('[SEC-4] forged as a whole by somebody without a key, with every hash and head computed anew', async () => {
    const kept = await twoProcesses(3);
    const forged = new Map<string, string[]>();
    for (const [chain, lines] of kept.chains) {
      const left = lines.filter((text) => !text.includes('"checkpoint"'));
      const renamed = left.map((text) => text.replace(/"accountId":"a\d+"/, '"accountId":"mallory"'));
      const others = headsOf({ chains: forged, broken: false });
      const begun = renamed.with(
        0,
        JSON.stringify({
          ...(JSON.parse(renamed[0]!) as object),
          begin: { at: new Date(0).toISOString(), others },
        }),
      );
      forged.set(chain, rechained(begun));
    }
    const reports = await verifyTrails(sourceOf(forged), keysNow);
    expect(reports.map(({ fault }) => fault)).toEqual([
      { kind: 'unsigned', seq: 0 },
      { kind: 'unsigned', seq: 0 },
    ]);
  });

  test('[SEC-4] … and with the first checkpoint left, from there on', async () => {
    const kept = await twoProcesses(3);
    const lines = kept.chains.get('chain-2')!;
    const first = lines.findIndex((text) => text.includes('"checkpoint"'));
    const stripped = lines.filter((text, at) => at <= first || !text.includes('"checkpoint"'));
    kept.chains.set('chain-2', rechained(stripped));
    expect((await verified(kept))[1]?.fault).toEqual({ kind: 'unsigned', seq: first + 1 });
  });

  test('[SEC-4] a head that was kept elsewhere proves what stands before it, signed or not', async () => {
    const kept = nothingKept();
    const trail = trailOn(kept, {
      key: () => Promise.reject(new Error('the store is away')),
      onFailure: () => undefined,
    });
    for (const minute of [0, 1, 2, 3]) await trail.write(record(minute * MINUTE));
    expect((await verified(kept))[0]).toMatchObject({ unsigned: 5, fault: { kind: 'unsigned', seq: 0 } });
    const [report] = await verified(kept, headsOf(kept));
    expect(report).toMatchObject({ unsigned: 0 });
    expect(report).not.toHaveProperty('fault');
    await trail.close();
  });

  test('[SEC-4] every record that somebody keeps elsewhere is an anchor, however many there are', async () => {
    const kept = nothingKept();
    const trail = trailOn(kept);
    await Promise.all(Array.from({ length: 4000 }, (_, at) => trail.write(record(at))));
    await trail.close();
    const lines = kept.chains.get('chain-1')!;
    const anchors = lines.map((text, seq): Head => ({ chain: 'chain-1', seq, hash: hash(text) }));
    expect((await verified(kept, anchors))[0]).not.toHaveProperty('fault');
    const wrong = anchors.with(1000, { ...anchors[1000]!, hash: 'x' });
    expect((await verified(kept, wrong))[0]?.fault).toEqual({ kind: 'edited', seq: 1000 });
  });

  test('[SEC-4] a chain that was slipped in afterwards would have been named by those that began later', async () => {
    const kept = await written(6);
    const slipped = nothingKept();
    const forger = trailOn(slipped, {
      newId: () => 'chain-0',
      key: () => Promise.reject(new Error('who forges has no key')),
      onFailure: () => undefined,
      now: () => 1_800_000_000_000 - 10 * MINUTE,
    });
    await forger.write(record(-10 * MINUTE + 5));
    const both = { chains: new Map([...slipped.chains, ...kept.chains]), broken: false };
    expect((await verified(both)).map(({ chain, fault }) => [chain, fault])).toEqual([
      ['chain-0', { kind: 'unsigned', seq: 0 }],
      ['chain-1', undefined],
    ]);
    await forger.close();
  });

  test('[SEC-4] a log that goes on while it is read: the key that signs what was just written is asked for', async () => {
    const { chains } = await written(6);
    let isMade = false;
    const goingOn: TrailSource = {
      ...sourceOf(chains),
      async *chains() {
        for (const one of chains) {
          isMade = true;
          yield one;
        }
      },
    };
    const known = async (): Promise<readonly JWK[]> => (isMade ? [publicKey] : []);
    expect((await verifyTrails(goingOn, known)).map(({ fault }) => fault)).toEqual([undefined]);
  });

  test('[SEC-4] what is older than what is looked at may have been put away', async () => {
    const kept = await twoProcesses(1);
    kept.chains.delete('chain-1');
    expect(await faultsIn(kept)).toEqual([undefined, 'missing']);
    const since = { ...sourceOf(kept.chains), isBefore: (chain: string) => chain === 'chain-1' };
    expect((await verifyTrails(since, keysNow)).map(({ fault }) => fault)).toEqual([undefined]);
  });
});

describe('a chain that ends while its process goes on', () => {
  const DAY = 24 * 3600 * 1000;

  test('[SEC-4] a full one, and that of yesterday, end signed; the next one names it', async () => {
    const kept = nothingKept();
    let now = 1_800_000_000_000;
    const trail = trailOn(kept, { mostLines: 4, now: () => now, others: async () => [] });
    const write = async (number: number): Promise<void> => {
      await trail.write(record(number));
      await trail.checkpoint();
    };
    for (const number of [0, 1, 2]) await write(number);
    now += DAY;
    await write(3);
    await write(4);
    await trail.close();
    const reports = await verified(kept);
    expect(reports.map(({ records, closed, fault }) => [records, closed, fault])).toEqual([
      [2, true, undefined],
      [2, true, undefined],
      [1, true, undefined],
    ]);
    kept.chains.delete('chain-2');
    expect((await verified(kept)).at(-1)).toMatchObject({ chain: 'chain-2', fault: { kind: 'missing' } });
  });

  test('[SEC-4] after very much without a key a checkpoint stays short, and holds all of it', async () => {
    const kept = nothingKept();
    let isAway = true;
    const trail = trailOn(kept, {
      key: async () => (isAway ? Promise.reject(new Error('the store is away')) : key),
      onFailure: () => undefined,
    });
    await Promise.all(Array.from({ length: 3000 }, (_, at) => trail.write(record(at))));
    isAway = false;
    await trail.close();
    const lines = kept.chains.get('chain-1')!;
    expect(lines.at(-1)!.length).toBeLessThan(40_000);
    expect(await only(lines)).toMatchObject({ records: 3000, checkpoints: 1, unsigned: 0, closed: true });
    for (const at of [1, 500, 2000, 2999]) {
      const edited = lines.with(at, lines[at]!.replace('refresh_token', 'client_credentials'));
      expect((await only(edited)).fault?.seq).toBe(at);
      expect((await only(rechained(edited))).fault).toBeDefined();
      expect((await only(rechained(lines.toSpliced(at, 1)))).fault).toBeDefined();
    }
  });

  test('a chain that was opened, and in which nothing was written, leaves nothing behind', async () => {
    const kept = nothingKept();
    const trail = trailOn(kept);
    await trail.open();
    expect(kept.chains.size).toBe(1);
    await trail.close();
    expect(kept.chains.size).toBe(0);
    kept.broken = true;
    await expect(trailOn(kept).open()).rejects.toThrow('the disk is full');
  });
});

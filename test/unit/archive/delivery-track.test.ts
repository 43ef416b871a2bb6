import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createChainMarks, createDeliveryTrack, createTrailFiles } from '../../../src/archive/index.ts';
import type { AuditRecord } from '../../../src/audit/index.ts';
import { createTrail, type Trail } from '../../../src/trail/index.ts';

const record = (number: number, filler = ''): AuditRecord => ({
  ...{ type: 'sign-out', outcome: 'success', accountId: `a${number}`, reason: filler },
  ...{ recorded: '2026-11-26T10:15:00.123Z', timeSource: 'system' },
});

describe('how far a receiver has been sent the audit log', () => {
  let dataDir: string;
  let trail: Trail;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-delivery-'));
    const files = createTrailFiles(dataDir);
    trail = createTrail({
      newFile: (chain) => files.newFile(chain),
      others: async () => [],
      key: () => Promise.reject(new Error('no key is needed here')),
      newId: () => 'chain-1',
      now: Date.now,
      onFailure: () => undefined,
    });
  });
  afterEach(async () => {
    await trail.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const track = () =>
    createDeliveryTrack<readonly string[]>({
      ...{ dataDir, id: 'siem' },
      itemOf: (records) =>
        records.map(({ record: one }) => ('accountId' in one ? (one.accountId ?? '') : '')),
      idOf: (item) => item[0] ?? '',
      atOf: (item) => item[0] ?? '',
    });
  const write = async (from: number, to: number, filler?: string): Promise<void> => {
    const all = Array.from({ length: to - from }, (_, at) => trail.write(record(from + at, filler)));
    await Promise.all(all);
  };
  /** Takes all that waits, as a lane does; a new track each time, as a new process has. */
  const takeAll = async (): Promise<string[]> => {
    const taken: string[] = [];
    for (;;) {
      const waiting = await track().waitingOf('chain-1');
      if (waiting.length === 0) return taken;
      for (const { record: item = [], reaches } of waiting) {
        taken.push(...item);
        await track().reach('chain-1', reaches);
      }
    }
  };
  const names = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, at) => `a${from + at}`);
  const everybody = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const chain of track().everybody()) found.push(chain);
    return found;
  };

  test('[SEC-5] each record once and in order, whoever goes on', async () => {
    await write(0, 250);
    expect(await everybody()).toEqual(['chain-1']);
    expect(await takeAll()).toEqual(names(0, 250));
    expect([await takeAll(), await everybody()]).toEqual([[], []]);
    await write(250, 260);
    expect(await takeAll()).toEqual(names(250, 260));
  });

  test('[SEC-5] more than is read at once is all there', async () => {
    await write(0, 3000, 'x'.repeat(1000));
    expect(await takeAll()).toEqual(names(0, 3000));
  });

  test('[SEC-5] half a line is nothing yet, and is passed over when its process was killed', async () => {
    await write(0, 2);
    const year = String(new Date().getUTCFullYear());
    const file = path.join(dataDir, 'audit', year, 'chain-1.jsonl');
    await appendFile(file, '\n{"chain":"chain-1","seq":3,"pr');
    expect(await takeAll()).toEqual(names(0, 2));
    await appendFile(file, '\n');
    await write(2, 4);
    expect(await takeAll()).toEqual(names(2, 4));
  });

  test('[SEC-5] what has grown is seen once', async () => {
    const marks = createChainMarks(dataDir);
    expect(await marks.take()).toEqual([]);
    await write(0, 1);
    expect(await marks.take()).toEqual(['chain-1']);
    expect(await marks.take()).toEqual([]);
    await write(1, 2);
    expect(await marks.take()).toEqual(['chain-1']);
  });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createTrailFiles, type TrailFiles } from '../../../src/archive/index.ts';
import type { AuditRecord } from '../../../src/audit/index.ts';
import { createTrail, type Trail } from '../../../src/trail/index.ts';

describe('the files of the audit log', () => {
  let dataDir: string;
  let files: TrailFiles;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-trail-'));
    files = createTrailFiles(dataDir);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const trailCalled = (chain: string, now: () => number): Trail =>
    createTrail({
      newFile: (name) => files.newFile(name),
      others: () => files.openHeads(),
      key: () => Promise.reject(new Error('there is no key')),
      newId: () => chain,
      now,
      onFailure: () => undefined,
    });
  /** A chain that began at that moment, with a record that is so long, as of a process that was killed. */
  const chainAt = async (at: string, length = 10): Promise<string> => {
    const chain = `${at.replaceAll(/[-:]/g, '')}-x`;
    const trail = trailCalled(chain, () => Date.parse(at));
    const reason = 'x'.repeat(length);
    const record = { type: 'server.stop', outcome: 'success', reason, recorded: at, timeSource: 'system' };
    await trail.write(record as AuditRecord);
    return chain;
  };

  test('[SEC-4] the end of a chain is found, however long its lines are', async () => {
    const first = await chainAt('2026-01-01T00:00:00.000Z', 300_000);
    expect((await files.openHeads()).map(({ chain, seq }) => [chain, seq])).toEqual([[first, 1]]);
    const second = await chainAt('2026-01-01T00:00:01.000Z');
    expect((await files.openHeads()).map(({ chain }) => chain)).toEqual([second]);
  });

  test('[SEC-4] chains come one at a time, the oldest first; what began before is left out', async () => {
    const old = await chainAt('2025-12-31T23:59:59.999Z');
    const fresh = await chainAt('2026-01-01T00:00:00.000Z');
    const named = async (from?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const [chain, lines] of files
        .source(from === undefined ? from : Date.parse(from))
        .chains()) {
        expect(lines).toHaveLength(2);
        found.push(chain);
      }
      return found;
    };
    expect(await named()).toEqual([old, fresh]);
    expect(await named('2026-01-01')).toEqual([fresh]);
    expect(files.source(Date.parse('2026-01-01')).isBefore?.(old)).toBe(true);
  });

  test('[SEC-4] a chain in which nothing is yet may go: no other names it, and who reads the log meanwhile goes on', async () => {
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    files = createTrailFiles(dataDir, () => now);
    const command = trailCalled('20260101T000000.000Z-x', () => now);
    await command.open();
    expect(await files.openHeads()).toEqual([]);
    now += 61_000;
    expect((await files.openHeads()).map(({ seq }) => seq)).toEqual([0]);
    now -= 61_000;
    const kept = await chainAt('2026-01-01T00:00:01.000Z');
    const read: string[] = [];
    for await (const [chain] of files.source().chains()) {
      if (read.length === 0) await rm(path.join(files.folder, '2026', `${kept}.jsonl`));
      read.push(chain);
    }
    expect(read).toEqual(['20260101T000000.000Z-x']);
    await command.close();
    expect(await files.openHeads()).toEqual([]);
    expect(await readdir(path.join(files.folder, '2026'))).toEqual([]);
  });

  test('[SEC-4] a chain that others may have named stays, though nothing came', async () => {
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    files = createTrailFiles(dataDir, () => now);
    const command = trailCalled('20260101T000000.000Z-x', () => now);
    await command.open();
    now += 31_000;
    await command.close();
    now += 31_000;
    expect((await files.openHeads()).map(({ chain }) => chain)).toEqual(['20260101T000000.000Z-x']);
  });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createTrailFiles, type TrailFiles } from '../../../src/archive/index.ts';
import type { AuditRecord } from '../../../src/audit/index.ts';
import { createTrail } from '../../../src/trail/index.ts';

describe('the files of the audit log', () => {
  let dataDir: string;
  let files: TrailFiles;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-trail-'));
    files = createTrailFiles(dataDir);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  /** A chain that began at that moment, with a record that is so long, as of a process that was killed. */
  const chainAt = async (at: string, length = 10): Promise<string> => {
    const chain = `${at.replaceAll(/[-:]/g, '')}-x`;
    const trail = createTrail({
      newFile: (name) => files.newFile(name),
      others: () => files.openHeads(),
      key: () => Promise.reject(new Error('there is no key')),
      newId: () => chain,
      now: () => Date.parse(at),
      onFailure: () => undefined,
    });
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
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createDueList } from '../../../src/archive/index.ts';
import { createExpiry, historyOf, type Decision, type ExpiryParts } from '../../../src/records/index.ts';
import { GRANTED, recordsOf } from '../../support/decisions.ts';

const NOW = 1_800_000_000;
const DUE = { accountId: GRANTED.person.accountId, reference: GRANTED.reference, at: NOW };

describe('access that runs out', () => {
  let dataDir: string;
  let kept: Decision[];
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-due-'));
    kept = [];
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  /** One look, over what these decisions have left in the archive. */
  async function look(decisions: readonly Decision[], parts: Partial<ExpiryParts> = {}): Promise<number> {
    const { records } = await recordsOf(decisions);
    return createExpiry({
      due: createDueList(dataDir),
      latestWith: async () => records.at(-1),
      livesUntil: async () => undefined,
      first: async () => true,
      keep: async (decision) => void kept.push(decision),
      now: () => NOW,
      ...parts,
    })();
  }

  test('[SEC-9] what is due is recorded with everything that is known of it, and is then done with', async () => {
    await createDueList(dataDir).put(DUE);
    expect(await look([GRANTED], { now: () => NOW - 1 })).toBe(0);
    expect(await look([GRANTED])).toBe(1);
    const { shown: _page, until: _end, ...known } = GRANTED;
    expect(kept).toEqual([
      { ...known, kind: 'expired', by: 'system', why: 'expiry', kept: [], refused: GRANTED.kept },
    ]);
    expect(await look([GRANTED])).toBe(0);
    expect(await readdir(path.join(dataDir, 'due'))).toEqual([]);
  });

  test('[SEC-9] its record says so to its last reader', async () => {
    await createDueList(dataDir).put(DUE);
    await look([GRANTED]);
    const { records } = await recordsOf([GRANTED, ...kept]);
    expect(historyOf(records)[0]).toMatchObject({ kind: 'expired', why: 'expiry', refused: GRANTED.kept });
    expect(records[1]?.consent).toMatchObject({ status: 'inactive', id: records[0]?.consent.id });
    expect(records[1]?.provenance).toMatchObject({
      activity: { coding: [{ code: 'DELETE' }, { code: 'expiry' }] },
      agent: [{ who: { type: 'Device' }, onBehalfOf: { display: 'Riverside Health' } }, {}, {}],
    });
  });

  test.each([
    ['was stopped', [GRANTED, { ...GRANTED, kind: 'stopped' } as const]],
    ['came to nothing', [GRANTED, { ...GRANTED, kind: 'withdrawn' } as const]],
    ['was never recorded', []],
  ])('[SEC-9] access that %s does not run out', async (_what, decisions) => {
    await createDueList(dataDir).put(DUE);
    expect(await look(decisions)).toBe(0);
    expect(kept).toEqual([]);
    expect(await createDueList(dataDir).until(NOW)).toEqual([]);
  });

  test('[SEC-9] access that lives on is looked after when it would end', async () => {
    await createDueList(dataDir).put(DUE);
    expect(await look([GRANTED], { livesUntil: async () => NOW + 100 })).toBe(0);
    expect(await createDueList(dataDir).until(NOW + 99)).toEqual([]);
    expect(await createDueList(dataDir).until(NOW + 100)).toEqual([{ ...DUE, at: NOW + 100 }]);
  });

  test('[SEC-9] what another node is at, or could not be written, is looked after again', async () => {
    await createDueList(dataDir).put(DUE);
    expect(await look([GRANTED], { first: async () => false })).toBe(0);
    const full = async (): Promise<void> => Promise.reject(new Error('the disk is full'));
    await expect(look([GRANTED], { keep: full })).rejects.toThrow('the disk is full');
    expect(await look([GRANTED])).toBe(1);
  });

  test('[SEC-9] what ended is not ended a second time', async () => {
    const stopped = { ...GRANTED, kind: 'stopped', kept: [], refused: GRANTED.kept } as const;
    const { records } = await recordsOf([GRANTED, stopped, { ...stopped, by: 'operator' }]);
    expect(records).toHaveLength(2);
  });
});

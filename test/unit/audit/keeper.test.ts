import { describe, expect, test } from '@jest/globals';

import {
  AuditUnavailable,
  createAuditKeeper,
  createAuditRecorder,
  stamped,
  type AuditEvent,
  type AuditRecord,
  type AuditTrouble,
} from '../../../src/audit/index.ts';
import type { TimeStamp } from '../../../src/time/index.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const issued: AuditEvent = { type: 'token.issued', outcome: 'success', grantType: 'refresh_token' };
const STAMP = (): TimeStamp => ({ recorded: new Date(NOW).toISOString(), timeSource: 'system' });
const revoked: AuditEvent = { type: 'token.revoked', outcome: 'success', what: 'grant' };

function keeperOn(disk: { full: boolean; hangs?: Promise<void> | undefined }) {
  const kept: AuditRecord[] = [];
  const told = { tries: 0, troubles: 0, recovered: [] as AuditTrouble[], others: [] as AuditRecord[] };
  const keeper = createAuditKeeper({
    sink: {
      name: 'log',
      async write(record) {
        told.tries += 1;
        if (disk.full) throw new Error('no space');
        await disk.hangs;
        kept.push(record);
      },
      close: async () => undefined,
    },
    stamp: (event) => stamped(event, STAMP),
    now: () => NOW,
    ...{ tryEveryMs: 5, patienceMs: 30 },
    onTrouble: () => (told.troubles += 1),
    onRecovered: (was) => told.recovered.push(was),
  });
  const other = {
    name: 'other',
    write: async (record: AuditRecord) => void told.others.push(record),
    close: async () => undefined,
  };
  const recorder = createAuditRecorder([other], STAMP, () => undefined, keeper);
  return { keeper, recorder, kept, told };
}

async function recovered({ keeper }: ReturnType<typeof keeperOn>): Promise<void> {
  while (keeper.trouble()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('createAuditKeeper', () => {
  test('[F36] [SEC-4] what needs its record is refused without, and no sink hears of it', async () => {
    const on = keeperOn({ full: true });
    await expect(on.recorder.record(issued)).rejects.toBeInstanceOf(AuditUnavailable);
    expect(on.told.others).toEqual([]);
    await on.keeper.close();
  });

  test('[F36] [SEC-4] what ends something happens, waits in memory, and is written before it is said to go on', async () => {
    const disk = { full: true };
    const on = keeperOn(disk);
    await on.recorder.record(revoked);
    await on.recorder.record({ type: 'sign-out', outcome: 'success' });
    await new Promise(setImmediate);
    expect(on.keeper.trouble()).toEqual({ since: NOW, reason: 'Error: no space', held: 2, lost: 0 });
    expect(on.told.others).toHaveLength(2);
    disk.full = false;
    await recovered(on);
    expect(on.kept.map(({ type }) => type)).toEqual(['token.revoked', 'sign-out', 'audit.resumed']);
    expect(on.kept.at(-1)).toMatchObject({ since: '2026-01-02T03:04:05.000Z', held: 2, lost: 0 });
    await on.recorder.record(issued);
    expect([on.told.troubles, on.told.recovered.length]).toEqual([1, 1]);
  });

  test('[F36] [SEC-4] a disk that does not answer is one that fails, is asked once, and is believed when it does', async () => {
    let answer = (): void => undefined;
    const disk = { full: false, hangs: new Promise<void>((resolve) => (answer = resolve)) };
    const on = keeperOn(disk);
    await expect(on.recorder.record(issued)).rejects.toBeInstanceOf(AuditUnavailable);
    expect(on.keeper.trouble()?.reason).toContain('the disk did not answer in 30 ms');
    await on.recorder.record(revoked);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expect(on.recorder.record(issued)).rejects.toBeInstanceOf(AuditUnavailable);
    // The record that was waited for, and one try with what waits: no more, however long it takes.
    expect(on.told.tries).toBeLessThanOrEqual(4);
    answer();
    await recovered(on);
    expect(on.kept.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['token.revoked', 'audit.resumed']),
    );
    await on.recorder.record(issued);
    await on.keeper.close();
  });

  test('[F36] [F39] requests do not try a disk that is full, and memory has an end', async () => {
    const disk = { full: true };
    const on = keeperOn(disk);
    for (let at = 0; at < 10_005; at += 1) await on.keeper.keep(stamped(revoked, STAMP), false);
    await expect(on.recorder.record(issued)).rejects.toThrow('the audit log cannot be written');
    expect(on.told.tries).toBeLessThan(10_000);
    expect(on.keeper.trouble()).toMatchObject({ held: 10_000, lost: 5 });
    disk.full = false;
    await recovered(on);
    expect(on.kept.at(-1)).toMatchObject({ type: 'audit.resumed', held: 10_000, lost: 5 });
  });

  test('[F36] a server that stops tries once more to write what waits', async () => {
    const disk = { full: true };
    const on = keeperOn(disk);
    await on.recorder.record(revoked);
    disk.full = false;
    await on.recorder.close();
    expect(on.kept.map(({ type }) => type)).toEqual(['token.revoked', 'audit.resumed']);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openForCommand, type StoreDriver } from '../../src/store/index.ts';

/** More on demand: `KILL_ROUNDS=200 npm run jest test/contract/kill`. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 15);
const ROUND_TIMEOUT_MS = 10_000;
const MAX_LIFE_MS = 250;
/** Beside those that were acknowledged: as many as could have been under way, and some that must not be there. */
const BEYOND = 5;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-kill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lets a process commit from number `first` on, kills it after so long, and returns the last number it has told. */
async function commitUntilKilled(first: number, lifeMs: number): Promise<number> {
  const script = path.join(import.meta.dirname, 'committer.ts');
  const child = spawn(process.execPath, [script, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  let problem = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(lifeMs);
  child.kill('SIGKILL');
  await closed;
  const last = told.trimEnd().split('\n').at(-1);
  if (!last) throw new Error(`it committed nothing: ${problem}`);
  return Number(last);
}

/** Of one commit: which of what it writes is there. */
async function tracesOf(driver: StoreDriver, at: number): Promise<string> {
  const names = [`gh:{g${at}}:used`, `gh:{g${at}}:at`, `gh:{g${at}}:grant`, `gh:{g${at}}:dead`];
  const found = await driver.getMany(names);
  const [, token, grant] = found;
  const isRight = [token, grant].every(
    (value) => value && Buffer.from(value).toString().startsWith(`${at} `),
  );
  return `${found.map((value) => (value ? '1' : '0')).join('')}${isRight ? ' right' : ''}`;
}
const WHOLE = '1110 right';
const NOTHING = '0000';

test(
  `[F21] [C2.1] killed ${ROUNDS} times while it commits: what was acknowledged is there, and each commit whole or not at all`,
  async () => {
    let next = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const last = await commitUntilKilled(next, Math.random() * MAX_LIFE_MS);
      expect(last).toBeGreaterThanOrEqual(next);
      const driver = await openForCommand(folder);
      try {
        for (let at = next; at <= last; at += 1)
          expect({ round, at, traces: await tracesOf(driver, at) }).toEqual({ round, at, traces: WHOLE });
        const beyond: string[] = [];
        for (let at = last + 1; at <= last + BEYOND; at += 1) beyond.push(await tracesOf(driver, at));
        // At most the one that was under way is there too, and then all of it.
        const [underWay = '', ...others] = beyond;
        expect([WHOLE, NOTHING]).toContain(underWay);
        expect(others).toEqual(others.map(() => NOTHING));
        const done = underWay === WHOLE ? last + 1 : last;
        const families = [];
        for (let at = Math.max(0, done - BEYOND); at <= done + BEYOND; at += 1)
          if ((await driver.getMany([`gh:{g${at}}:family`]))[0]) families.push(at);
        expect(families).toEqual([done + 1]);
        next = done + 1;
      } finally {
        await driver.close();
      }
    }
    // A process that is killed without having committed would prove nothing.
    expect(next).toBeGreaterThan(ROUNDS);
  },
  ROUNDS * ROUND_TIMEOUT_MS,
);

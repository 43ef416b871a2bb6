import { expect, test } from '@jest/globals';

import { playKills, type KillResult } from '../../faults/audit-kills.ts';

const KILLS = 12;

test('[F36] [SEC-4] killed at random moments: no token reached a client without its record, and the log verifies', async () => {
  const results: KillResult[] = [];
  await playKills(KILLS, 20_261_126, (result) => results.push(result));
  expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(results).toHaveLength(KILLS);
  expect(results.reduce((sum, { given }) => sum + given, 0)).toBeGreaterThanOrEqual(KILLS);
}, 120_000);

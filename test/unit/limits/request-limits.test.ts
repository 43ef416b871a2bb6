import { describe, expect, test } from '@jest/globals';

import { createRequestLimits, type Counters, type RequestLimits } from '../../../src/limits/index.ts';

const OFF = {
  tokensPerClient: 0,
  introspectionsPerClient: 0,
  launchesPerEhr: 0,
  authorizationsPerAddress: 0,
  failuresPerAddress: 0,
};

function limitsOver(counters: Counters): { limits: RequestLimits; told: string[] } {
  const told: string[] = [];
  const limits = createRequestLimits({
    limits: { ...OFF, tokensPerClient: 1, failuresPerAddress: 1 },
    counters,
    onFailure: (error) => told.push(String(error)),
    onRefused: (limit) => told.push(`refused by ${limit}`),
    onReached: (limit, whose) => told.push(`${limit} of ${whose}`),
  });
  return { limits, told };
}

describe('when counting does not work', () => {
  test('[A184] a store that fails refuses nobody, and is told of', async () => {
    const fail = () => Promise.reject(new Error('away'));
    const { limits, told } = limitsOver({ add: fail, forget: fail });
    expect(await limits.take('tokensPerClient', 'a')).toBe(0);
    limits.note('failuresPerAddress', 'b');
    limits.giveBack('tokensPerClient', 'a');
    await new Promise(setImmediate);
    expect(told).toEqual(['Error: away', 'Error: away', 'Error: away']);
  });

  test('[A184] a store that hangs refuses nobody, and holds a request up by a fraction of a second', async () => {
    const hang = () => new Promise<never>(() => undefined);
    const { limits, told } = limitsOver({ add: hang, forget: hang });
    const started = performance.now();
    expect(await limits.take('tokensPerClient', 'a')).toBe(0);
    expect(performance.now() - started).toBeLessThan(400);
    expect(told).toEqual([]);
  });
});

test('[SEC-09] a limit that is off asks nobody', async () => {
  let asked = 0;
  const add = async () => ({ total: (asked += 1), msLeft: 1 });
  const { limits } = limitsOver({ add, forget: async () => undefined });
  expect(limits.isOff('launchesPerEhr')).toBe(true);
  expect(await limits.take('launchesPerEhr', 'a')).toBe(0);
  limits.note('authorizationsPerAddress', 'a');
  limits.giveBack('launchesPerEhr', 'a');
  expect(asked).toBe(0);
});

test('[SEC-09] who is long in name is told of in short, once, and refusals are told of each', async () => {
  let total = 0;
  const add = async (_name: string, by: number) => ({ total: (total += by), msLeft: 1500 });
  const { limits, told } = limitsOver({ add, forget: async () => undefined });
  const waits = [];
  for (let at = 0; at < 3; at += 1) waits.push(await limits.take('tokensPerClient', 'x'.repeat(5000)));
  expect(waits).toEqual([0, 2, 2]);
  expect(told).toEqual([
    `tokensPerClient of ${'x'.repeat(100)}`,
    'refused by tokensPerClient',
    'refused by tokensPerClient',
  ]);
});

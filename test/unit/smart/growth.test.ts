import { describe, expect, test } from '@jest/globals';
import {
  askedAbout,
  decideGrant,
  decideOffer,
  narrow,
  parseScopeList,
  within,
} from '../../../src/smart/index.ts';
import { bounds, times } from './many-scopes.ts';
import { resourceScope, resourceScopes } from './arbitraries.ts';

/** Four times as much takes four times as long, and sixteen times where the work grows with the square. */
const FOUR_TIMES = 4;
const MOST = 10;
const RUNS = 5;
/** Large enough that the clock and what else the machine does are small beside it. */
const MANY = 3000;

type Work = () => unknown;

/** Of several runs the shortest: whatever disturbs one makes it longer. Both sizes in turn, so that both are disturbed alike. */
function growth(prepare: (size: number) => Work, size: number): number {
  const works = [prepare(size), prepare(FOUR_TIMES * size)] as const;
  const shortest = [Infinity, Infinity];
  for (let run = 0; run < RUNS; run += 1) {
    works.forEach((work, at) => {
      const started = performance.now();
      work();
      shortest[at] = Math.min(shortest[at] ?? Infinity, performance.now() - started);
    });
  }
  return (shortest[1] ?? Infinity) / (shortest[0] ?? 0);
}

const ofOneType = (count: number): string =>
  times(count, (at) => `patient/Observation.rs?category=lab&code=a${at}`);
const offerOfOneType = (count: number) => parseScopeList(ofOneType(count)).scopes;
const offer = (requested: string, registered: string): Work => {
  const limits = bounds(registered);
  return () => decideOffer(requested, limits);
};

describe('what is sent is read in time that grows as it does', () => {
  test.each<[string, number, (size: number) => Work]>([
    [
      'a list of many scopes',
      MANY,
      (size) => {
        const text = ofOneType(size);
        return () => parseScopeList(text);
      },
    ],
    [
      'one long scope',
      200_000,
      (size) => {
        const text = `patient/Observation.rs?code=${'a%20|'.repeat(size)}`;
        return () => parseScopeList(text);
      },
    ],
    [
      'a scope of many parts',
      200_000,
      (size) => {
        const text = `patient/Observation.rs?${'code=a&'.repeat(size)}`;
        return () => parseScopeList(text);
      },
    ],
    [
      'words that are no scopes',
      MANY * 10,
      (size) => {
        const text = times(size, (at) => `launch/x${at}?role= a.${at}/ ?&=`);
        return () => parseScopeList(text);
      },
    ],
  ])('[A037] parseScopeList: %s', (_what, size, prepare) => {
    expect(growth(prepare, size)).toBeLessThan(MOST);
  });

  test.each<[string, (size: number) => Work]>([
    ['each within one that is registered', (size) => offer(ofOneType(size), 'patient/*.rs')],
    ['each registered word for word', (size) => offer(ofOneType(size), ofOneType(size))],
    [
      'none registered, for want of a letter',
      (size) =>
        offer(
          ofOneType(size),
          times(size, (at) => `patient/Observation.c?category=b${at}`),
        ),
    ],
    [
      'none registered, of names of somebody’s own',
      (size) =>
        offer(
          times(10 * size, (at) => `__a${at}`),
          times(10 * size, (at) => `__b${at}`),
        ),
    ],
  ])('[A037] decideOffer: %s', (_what, prepare) => {
    expect(growth(prepare, MANY)).toBeLessThan(MOST);
  });

  test('[A037] of a thousand overlaps no more are made than one beyond what there is room for', () => {
    const allowed = resourceScopes(times(1000, (at) => `patient/Observation.rs?category=b${at}`));
    const requested = resourceScope('patient/Observation.rs?code=a');
    expect([narrow(requested, allowed), narrow(requested, allowed, 10)].map(({ length }) => length)).toEqual([
      1000, 11,
    ]);
  });

  test.each<[string, (size: number) => Work]>([
    [
      'askedAbout',
      (size) => {
        const scopes = offerOfOneType(size);
        return () => askedAbout(scopes);
      },
    ],
    [
      'decideGrant, all ticked',
      (size) => {
        const scopes = offerOfOneType(size);
        const all = new Set(scopes.map(({ text }) => text));
        return () => decideGrant(scopes, all);
      },
    ],
    [
      'decideGrant, one that covers all ticked',
      (size) => {
        const scopes = parseScopeList(`patient/*.rs ${ofOneType(size)}`).scopes;
        return () => decideGrant(scopes, new Set(['patient/*.rs']));
      },
    ],
    [
      'within',
      (size) => {
        const asked = ofOneType(size).replaceAll('.rs', '.r').split(' ');
        const granted = ofOneType(size);
        return () => within(granted, asked);
      },
    ],
  ])('[A037] %s', (_what, prepare) => {
    expect(growth(prepare, MANY)).toBeLessThan(MOST);
  });
});

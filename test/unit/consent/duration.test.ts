import { describe, expect, test } from '@jest/globals';
import { DURATIONS, durationsFor, endOf, type DurationPolicy } from '../../../src/consent/index.ts';

const all: DurationPolicy = { durations: DURATIONS, preselected: 'until-stopped' };
const shown = (policy: DurationPolicy, most?: number): string =>
  durationsFor(policy, most)
    .map(({ value, days, checked }) => `${value}=${days ?? 'open'}${checked ? '*' : ''}`)
    .join(' ');

describe('how long an app may keep access', () => {
  test.each<[string, DurationPolicy, number | undefined, string]>([
    ['all, the open one chosen', all, undefined, '30-days=30 1-year=365 until-stopped=open*'],
    [
      'what the organisation offers',
      { durations: ['30-days'], preselected: '30-days' },
      undefined,
      '30-days=30*',
    ],
    [
      'another one chosen',
      { ...all, preselected: '30-days' },
      undefined,
      '30-days=30* 1-year=365 until-stopped=open',
    ],
    ['no more than the app may have', all, 365, '30-days=30 1-year=365*'],
    ['the limit of the app, beside what is shorter', all, 90, '30-days=30 longest=90*'],
    ['the limit of the app alone', all, 7, 'longest=7*'],
    [
      'a limit above all that is offered',
      { durations: ['30-days'], preselected: '30-days' },
      90,
      '30-days=30* longest=90',
    ],
  ])('[CONS-13] %s', (_what, policy, most, expected) => {
    expect(shown(policy, most)).toBe(expected);
  });

  test('[CONS-13] ends so many days from now, or when somebody stops it', () => {
    expect([endOf({ days: 30 }, 1000), endOf({}, 1000)]).toEqual([1000 + 30 * 86_400, undefined]);
  });
});

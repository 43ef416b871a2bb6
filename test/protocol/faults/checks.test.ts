import { describe, expect, test } from '@jest/globals';

import { violationsOf } from '../../faults/checks.ts';
import { createHistory, type History, type Operation } from '../../faults/history.ts';
import type { Speaker, Story } from '../../faults/story.ts';
import type { TokenAnswer } from '../../support/flow.ts';

const GRACE_MS = 3000;
const SCOPE = 'offline_access patient/Patient.rs patient/Observation.rs';

type Body = Readonly<Record<string, unknown>>;
type Told = readonly [kind: Operation['kind'], shown: string, at: number, status: number, body?: Body];

/** What was asked one after the other, in milliseconds, and what came of it. */
function historyOf(told: readonly Told[], chain: readonly string[]): Speaker {
  const history: History = createHistory();
  const story: Story = { id: 0, code: 'c', verifier: 'v', chain: [...chain], accessTokens: ['a0'] };
  for (const [kind, shown, at, status, body = {}] of told) {
    const answer: TokenAnswer = {
      status,
      headers: new Headers({ 'retry-after': '2' }),
      body: { access_token: '', refresh_token: '', scope: SCOPE, ...body },
    };
    const [began, ended] = [history.tick(), history.tick()];
    const ms = [at, at + 10] as const;
    history.operations.push({ kind, shown, story: 0, node: 0, began, ended, ms, answer, isCalm: false });
  }
  return { history, stories: [story] } as unknown as Speaker;
}

const violations = (told: readonly Told[], chain = ['r0', 'r1', 'r2']): string[] =>
  violationsOf(historyOf(told, chain), GRACE_MS).map((one) => one.replace(/:.*$/s, ''));

const [FIRST, SECOND] = [{ refresh_token: 'r1' }, { refresh_token: 'r2' }];
const GONE = { error: 'invalid_grant' };
const AWAY = { error: 'temporarily_unavailable' };
const ALIVE = { active: true };
const LESS = { active: true, scope: 'offline_access patient/Patient.rs' };

describe('what the checks of the random schedules see', () => {
  test.each<[string, readonly Told[]]>([
    [
      'a repeat within the grace',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r0', 2000, 200, FIRST],
      ],
    ],
    [
      'what nobody was answered, however late',
      [
        ['refresh', 'r0', 0, 503, AWAY],
        ['refresh', 'r0', 9000, 200, FIRST],
      ],
    ],
    [
      'an old one that is refused',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r0', 9000, 400, GONE],
      ],
    ],
    [
      'less after a part was taken',
      [
        ['introspect', 'a0', 0, 200, ALIVE],
        ['narrow', '', 5, 200],
        ['introspect', 'a0', 20, 200, LESS],
      ],
    ],
    [
      'all while nobody knows whether it was',
      [
        ['narrow', '', 0, 503, AWAY],
        ['introspect', 'a0', 20, 200, ALIVE],
      ],
    ],
  ])('[C3] nothing wrong in %s', (_what, told) => {
    expect(violations(told)).toEqual([]);
  });

  test.each<[string, readonly Told[], string]>([
    [
      'a token whose successor was used',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r1', 100, 200, SECOND],
        ['refresh', 'r0', 200, 200, FIRST],
      ],
      'old and answered',
    ],
    [
      'an answer that is kept too long',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r0', 9000, 200, FIRST],
      ],
      'old and answered',
    ],
    [
      'a good one that is refused, also after an old one was answered',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r0', 2000, 200, FIRST],
        ['refresh', 'r1', 2100, 400, GONE],
      ],
      'good and refused',
    ],
    [
      'two successors',
      [
        ['refresh', 'r0', 0, 200, FIRST],
        ['refresh', 'r0', 100, 200, SECOND],
      ],
      'a refresh token has two successors',
    ],
    [
      'what was taken back',
      [
        ['narrow', '', 0, 200],
        ['introspect', 'a0', 20, 200, ALIVE],
      ],
      'taken back and given',
    ],
    [
      'life after the end',
      [
        ['revoke', 'r0', 0, 200],
        ['introspect', 'a0', 20, 200, ALIVE],
      ],
      'the grant had ended',
    ],
    ['death before it', [['introspect', 'a0', 0, 200, { active: false }]], 'good and not active'],
  ])('[C3] %s', (_what, told, violation) => {
    expect(violations(told)).toContain(violation);
  });
});

import { expect, test } from '@jest/globals';

import { createUsageReporter, type UsageLine } from '../../../src/resource-server/usage.ts';

const READ = { kind: 'read', resourceType: 'Observation', id: '1' } as const;

test('[SEC-2] a report that is refused is lost, and does not come again; one that could not be sent does', async () => {
  const sent: (readonly UsageLine[])[] = [];
  const problems: string[] = [];
  let answer: 'taken' | 'refused' | 'nothing' = 'refused';
  const reporter = createUsageReporter({
    everySeconds: 0.02,
    clock: () => 1,
    onProblem: (detail) => void problems.push(detail),
    post: async (lines) => {
      sent.push(lines);
      if (answer === 'nothing') throw new Error('nobody answers');
      return answer;
    },
  });
  const reports = async (count: number): Promise<void> => {
    while (sent.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  reporter.note({ grantRef: 'one' }, READ);
  await reports(1);
  answer = 'nothing';
  reporter.note({ grantRef: 'two' }, READ);
  await reports(3);
  answer = 'taken';
  await reporter.close();
  expect(reporter.lost()).toBe(1);
  expect(sent.map((lines) => lines.map((line) => line.grant_ref))).toEqual([
    ['one'],
    ...sent.slice(1).map(() => ['two']),
  ]);
  expect(problems[0]).toMatch(/refused/);
});

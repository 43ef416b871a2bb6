import type { Posture } from './posture.ts';

const ORDER = ['fail', 'warn', 'pass'] as const;

/** For terminals: the worst first. */
export function inWords({ checks, status, issuer, at }: Posture): string {
  const lines = ORDER.flatMap((grade) => checks.filter((check) => check.grade === grade)).flatMap(
    ({ grade, id, finding, advice }) => [
      `${grade.toUpperCase().padEnd(4)}  ${id}: ${finding}`,
      ...(advice === undefined ? [] : [`      → ${advice}`]),
    ],
  );
  const count = (grade: string): number => checks.filter((check) => check.grade === grade).length;
  const sum = `${count('fail')} weaken it, ${count('warn')} to look at, ${count('pass')} good`;
  return [...lines, '', `${issuer}, ${at}: ${status.toUpperCase()} (${sum})`, ''].join('\n');
}

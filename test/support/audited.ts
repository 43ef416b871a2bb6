import { expect } from '@jest/globals';

import type { AuditRecord } from '../../src/audit/index.ts';

const REFERENCE = /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/;

/** As much of an answer as is looked at here. */
type Told = Pick<Response, 'status' | 'headers'>;

/** What is on record of a request that was refused. */
export interface Recorded {
  readonly type: AuditRecord['type'];
  readonly outcome?: AuditRecord['outcome'];
  readonly reason: RegExp;
  readonly more?: object;
}

/** A request that is refused, and what is on record of it. */
export interface RefusedRow extends Recorded {
  /** What it is a test of, as it stands in a title: `[A001] [A020]`. */
  readonly id?: string;
  readonly what: string;
  /** Asks for it, and returns what came back: its status, and the reference it was told. */
  readonly ask: () => Promise<Told>;
  readonly status: number;
}

/**
 * Asks, and expects one record of the refusal: with the reference that was told, and from where; and that nobody else speaks of
 * a refused request beside it.
 *
 * @returns the answer
 */
export async function expectRecorded<Answer extends Told>(
  audit: readonly AuditRecord[],
  ask: () => Promise<Answer>,
  { type, outcome = 'refused', reason, more = {} }: Recorded,
): Promise<Answer> {
  const before = audit.length;
  const answer = await ask();
  const said = audit.slice(before).filter((record) => record.outcome === outcome);
  const own = said.filter((record) => record.type === type);
  expect(own).toEqual([
    expect.objectContaining({
      ...{ type, outcome, reference: answer.headers.get('x-request-id'), ...more },
      address: expect.stringMatching(/127\.0\.0\.1$/),
    }),
  ]);
  const [record] = own;
  expect(record?.reference).toMatch(REFERENCE);
  expect((record as { reason?: string } | undefined)?.reason ?? '').toMatch(reason);
  expect(said.filter((other) => other.type === 'request.refused' && other !== record)).toEqual([]);
  return answer;
}

export async function expectRefused(
  audit: readonly AuditRecord[],
  { ask, status, ...recorded }: RefusedRow,
): Promise<void> {
  expect((await expectRecorded(audit, ask, recorded)).status).toBe(status);
}

/** The same at the token endpoint. */
export function expectTokenRefused<Answer extends Told>(
  audit: readonly AuditRecord[],
  ask: () => Promise<Answer>,
  reason: RegExp,
  more: object = {},
): Promise<Answer> {
  return expectRecorded(audit, ask, { type: 'token.refused', reason, more });
}

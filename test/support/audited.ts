import { expect } from '@jest/globals';

import type { AuditRecord } from '../../src/audit/index.ts';

const REFERENCE = /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/;

/** A request that is refused, and what is on record of it. */
export interface RefusedRow {
  /** The rows of the list of attacks it stands for: `A001`, or `A001] [A002`. */
  readonly id: string;
  readonly what: string;
  /** Asks for it, and returns what came back: its status, and the reference it was told. */
  readonly ask: () => Promise<Pick<Response, 'status' | 'headers'>>;
  readonly status: number;
  readonly type: AuditRecord['type'];
  readonly outcome?: AuditRecord['outcome'];
  readonly reason: RegExp;
  readonly more?: object;
}

/** Asks, and expects one record of the refusal, with the reference that was told, and nobody else's word of it. */
export async function expectRefused(
  audit: readonly AuditRecord[],
  { ask, status, type, outcome = 'refused', reason, more = {} }: RefusedRow,
): Promise<void> {
  const before = audit.length;
  const answer = await ask();
  expect(answer.status).toBe(status);
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
}

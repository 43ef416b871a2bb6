import { describe, expect, test } from '@jest/globals';

import { damped, type AuditEvent } from '../../../src/audit/index.ts';

const refused: AuditEvent = {
  ...{ type: 'token.refused', outcome: 'refused', grantType: 'refresh_token', reason: 'invalid_grant' },
  ...{ address: '203.0.113.9', reference: 'K7QF-2M9X-J3PD' },
};

function dampedOn(everyMs = 60_000) {
  const kept: AuditEvent[] = [];
  const recorder = damped(
    { record: async (event) => void kept.push(event), close: async () => undefined },
    { now: () => Date.UTC(2026, 0, 2), most: 3, everyMs },
  );
  return { kept, recorder };
}

describe('what is refused again and again', () => {
  test('[F39] is written a few times, and then as one record that says how often', async () => {
    const { kept, recorder } = dampedOn(20);
    for (let time = 0; time < 500; time += 1) await recorder.record(refused);
    expect(kept).toHaveLength(3);
    while (kept.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const { reference: _reference, ...alike } = refused;
    expect(kept.at(-1)).toEqual({ ...alike, count: 497, since: '2026-01-02T00:00:00.000Z' });
    await recorder.record(refused);
    expect(kept.at(-1)).toEqual(refused);
    await recorder.close();
    expect(kept).toHaveLength(5);
  });

  test('[F39] to somebody else, or for another reason, is written by itself; what waits is written at the end', async () => {
    const { kept, recorder } = dampedOn();
    for (const change of [{}, { address: '203.0.113.10' }, { reason: 'invalid_client' }, { clientId: 'app' }])
      for (let time = 0; time < 5; time += 1) await recorder.record({ ...refused, ...change });
    expect(kept).toHaveLength(12);
    await recorder.close();
    expect(kept.slice(12).map((event) => 'count' in event && event.count)).toEqual([2, 2, 2, 2]);
  });

  test('what was given is never damped', async () => {
    const { kept, recorder } = dampedOn();
    for (let time = 0; time < 10; time += 1)
      await recorder.record({ type: 'token.issued', outcome: 'success', grantType: 'refresh_token' });
    expect(kept).toHaveLength(10);
    await recorder.close();
  });
});

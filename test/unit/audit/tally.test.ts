import { describe, expect, jest, test } from '@jest/globals';

import { createTally, type AuditEvent } from '../../../src/audit/index.ts';

describe('[SEC-3] introspections in the audit', () => {
  test('[INT-16] one record stands for all questions of one resource server about one client', async () => {
    const kept: AuditEvent[] = [];
    const tally = createTally({ record: async (event) => void kept.push(event) }, () => 0);
    for (const clientId of ['app', 'app', 'other', undefined])
      tally.count({ resourceServer: 'fhir', ...(clientId === undefined ? {} : { clientId }) });
    await tally.flush();
    const since = '1970-01-01T00:00:00.000Z';
    const common = { type: 'token.introspected', outcome: 'success', resourceServer: 'fhir', since };
    expect(kept).toEqual([
      { ...common, active: true, clientId: 'app', count: 2 },
      { ...common, active: true, clientId: 'other', count: 1 },
      { ...common, active: false, count: 1 },
    ]);
    await tally.flush();
    expect(kept).toHaveLength(3);
  });

  test('[INT-16] they are written down every ten seconds without being asked to', async () => {
    jest.useFakeTimers();
    const kept: AuditEvent[] = [];
    const tally = createTally({ record: async (event) => void kept.push(event) });
    tally.count({ resourceServer: 'fhir', clientId: 'app' });
    await jest.advanceTimersByTimeAsync(10_000);
    jest.useRealTimers();
    expect(kept).toMatchObject([{ count: 1, active: true }]);
  });
});

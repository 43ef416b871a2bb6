import type { Logger } from 'pino';

import { counting, createAuditRecorder, type AuditRecorder, type AuditSink } from './audit/index.ts';
import { composeTrail } from './compose-trail.ts';
import type { Metrics } from './http/index.ts';
import type { TimeStamp } from './time/index.ts';

type Parts = Omit<Parameters<typeof composeTrail>[0], 'log'> & {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly stamp: () => TimeStamp;
  /** Where records go besides the audit log. */
  readonly sinks: readonly AuditSink[];
};

/** Joins what says what was done with who keeps and counts it. Part of the composition root: see app.ts. */
export function composeAudit({ sinks, metrics, stamp, ...parts }: Parts): AuditRecorder {
  const { trail } = composeTrail(parts);
  const recorder = createAuditRecorder([...sinks, trail], stamp, (sink, error) =>
    parts.log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  return counting(recorder, (event) =>
    metrics.countEvent(event.type, event.outcome, 'count' in event ? event.count : 1),
  );
}

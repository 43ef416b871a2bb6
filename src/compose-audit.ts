import type { Logger } from 'pino';

import { freePartOf } from './archive/index.ts';
import {
  counting,
  createAuditKeeper,
  createAuditRecorder,
  damped,
  stamped,
  type AuditRecorder,
  type AuditSink,
} from './audit/index.ts';
import type { Config } from './config/index.ts';
import { composeTrail } from './compose-trail.ts';
import type { HealthCheck, Metrics } from './http/index.ts';
import type { TimeStamp } from './time/index.ts';

type Parts = Omit<Parameters<typeof composeTrail>[0], 'log' | 'config'> & {
  readonly config: Pick<Config, 'audit' | 'store'>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly stamp: () => TimeStamp;
  /** Where records go besides the audit log. */
  readonly sinks: readonly AuditSink[];
};

export interface ComposedAudit {
  readonly audit: AuditRecorder;
  /** Says when the audit log takes nothing. */
  readonly check: HealthCheck;
}

/** Joins what says what was done with who keeps and counts it. Part of the composition root: see app.ts. */
export function composeAudit({ sinks, metrics, log, stamp, ...parts }: Parts): ComposedAudit {
  const { trail } = composeTrail({ ...parts, log });
  const keeper = createAuditKeeper({
    ...{ sink: trail, stamp: (event) => stamped(event, stamp), now: Date.now },
    onTrouble: (error) =>
      log.error({ err: error }, 'ALARM: the audit log cannot be written; nothing is granted until it can'),
    onRecovered: ({ held, lost }) => log.warn({ held, lost }, 'the audit log takes records again'),
  });
  metrics.watchAudit(() => keeper.trouble());
  metrics.watchDisk(() => freePartOf(parts.config.store.dataDir));
  const onFailure = (sink: string, error: unknown): void =>
    log.error({ err: error, sink }, 'an audit record could not be kept');
  const { alikePerMinute: most } = parts.config.audit;
  const recorder = damped(createAuditRecorder(sinks, stamp, onFailure, keeper), {
    ...{ now: Date.now, most: most === 0 ? Infinity : most },
  });
  return {
    audit: counting(recorder, (event) =>
      metrics.countEvent(event.type, event.outcome, 'count' in event ? event.count : 1),
    ),
    check: {
      name: 'audit',
      async check() {
        const { reason } = keeper.trouble() ?? {};
        if (reason !== undefined) throw new Error(`the audit log cannot be written: ${reason}`);
      },
    },
  };
}

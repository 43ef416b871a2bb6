import type { TimeStamp } from '../time/index.ts';
import type { AuditEvent, AuditRecord, AuditSink } from './events.ts';

/** Says what was done. Resolves once every sink has the record; at once, of what ends or refuses something. */
export interface AuditRecorder {
  record(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

/** Who takes something back waits for no disk: it has ended, and its record is written as soon as can be. */
const WAITS_FOR_NOTHING: ReadonlySet<AuditEvent['type']> = new Set([
  ...(['token.revoked', 'token.refused', 'token.reuse', 'sign-out', 'consent.narrowed'] as const),
  ...(['token.introspected', 'revocations.opened', 'revocations.closed'] as const),
  ...(['clock.wrong', 'clock.right', 'clock.holdover'] as const),
]);

/**
 * @param stamp the time, and by which clock.
 * @param onFailure told about a sink that could not keep a record; the others still get it.
 */
export function createAuditRecorder(
  sinks: readonly AuditSink[],
  stamp: () => TimeStamp,
  onFailure: (sink: string, error: unknown) => void,
): AuditRecorder {
  const keep = async (sink: AuditSink, record: AuditRecord): Promise<void> => {
    try {
      await sink.write(record);
    } catch (error) {
      onFailure(sink.name, error);
    }
  };
  return {
    async record(event) {
      const record: AuditRecord = { ...stamp(), ...event };
      const kept = Promise.all(sinks.map((sink) => keep(sink, record)));
      if (!WAITS_FOR_NOTHING.has(event.type)) await kept;
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

/** The same recorder, with somebody told of each event, for the metrics. */
export function counting(recorder: AuditRecorder, count: (event: AuditEvent) => void): AuditRecorder {
  return {
    close: () => recorder.close(),
    record: (event) => {
      count(event);
      return recorder.record(event);
    },
  };
}

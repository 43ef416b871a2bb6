import type { AuditEvent, AuditRecord, AuditSink } from './events.ts';

/** Says what was done. Resolves once every sink has the record. */
export interface AuditRecorder {
  record(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param now the time, in milliseconds since 1970.
 * @param onFailure told about a sink that could not keep a record; the others still get it.
 */
export function createAuditRecorder(
  sinks: readonly AuditSink[],
  now: () => number,
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
      const record: AuditRecord = { recorded: new Date(now()).toISOString(), timeSource: 'system', ...event };
      await Promise.all(sinks.map((sink) => keep(sink, record)));
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

import type { TimeStamp } from '../time/index.ts';
import type { AuditEvent, AuditRecord, AuditSink } from './events.ts';
import type { AuditKeeper } from './keeper.ts';

/** Says what was done. Resolves once every sink has the record; at once, of what ends or refuses something. */
export interface AuditRecorder {
  /** @throws AuditUnavailable when the log takes no record of what must not happen without one */
  record(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

/** Who takes something back waits for no disk: it has ended, and its record is written as soon as can be. */
const WAITS_FOR_NOTHING: ReadonlySet<AuditEvent['type']> = new Set([
  ...(['token.revoked', 'token.refused', 'token.reuse', 'sign-out', 'consent.narrowed'] as const),
  'request.refused',
  ...(['token.introspected', 'revocations.opened', 'revocations.closed'] as const),
  ...(['clock.wrong', 'clock.right', 'clock.holdover'] as const),
]);

/** What gives somebody something, or decides about it: it does not happen without its record (SEC-4). */
const NEEDS_ITS_RECORD: ReadonlySet<AuditEvent['type']> = new Set([
  ...([
    'sign-in',
    'authorize',
    'consent',
    'break-glass',
    'token.issued',
    'launch.created',
    'audit.read',
  ] as const),
]);

/** An event as it is kept. @param stamp the time, and by which clock */
export function stamped(event: AuditEvent, stamp: () => TimeStamp): AuditRecord {
  return { ...stamp(), ...event };
}

/**
 * @param stamp the time, and by which clock.
 * @param onFailure told about a sink that could not keep a record; the others still get it.
 * @param keeper keeps records for good, before any sink is told; absent: nothing depends on a record
 */
export function createAuditRecorder(
  sinks: readonly AuditSink[],
  stamp: () => TimeStamp,
  onFailure: (sink: string, error: unknown) => void,
  keeper?: Omit<AuditKeeper, 'trouble'>,
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
      const record = stamped(event, stamp);
      const isNeeded = NEEDS_ITS_RECORD.has(event.type);
      const safe = keeper?.keep(record, isNeeded);
      // What is refused for want of a record has not happened: nobody is told that it has.
      if (isNeeded) await safe;
      const kept = Promise.all([safe, ...sinks.map((sink) => keep(sink, record))]);
      if (!WAITS_FOR_NOTHING.has(event.type)) await kept;
    },
    async close() {
      await Promise.all([keeper?.close(), ...sinks.map((sink) => sink.close())]);
    },
  };
}

/** The same recorder, with somebody told of each event, for the metrics. */
export function counting(recorder: AuditRecorder, count: (event: AuditEvent) => void): AuditRecorder {
  return {
    close: () => recorder.close(),
    async record(event) {
      await recorder.record(event);
      count(event);
    },
  };
}

/**
 * Everything Gatehouse can say it did, as one typed union, and where the records go. Owns the shape of events and
 * the order of writing; does not decide what is allowed. Called from the edges, after a thing has really happened.
 */
export type {
  AuditEvent,
  AuditEventType,
  AuditRecord,
  AuditSink,
  Circumstances,
  Outcome,
  RefusedRequest,
} from './events.ts';
export { AuditUnavailable, createAuditKeeper, type AuditKeeper, type AuditTrouble } from './keeper.ts';
export { damped } from './damped.ts';
export { counting, createAuditRecorder, stamped, type AuditRecorder } from './recorder.ts';
export { createTally, type Tally } from './tally.ts';
export { asOneLine, createStdoutSink } from './stdout-sink.ts';

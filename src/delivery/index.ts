/**
 * What is sent on of the audit log, and in which form (SEC-5): AuditEvents in batches, as FHIR or as syslog messages. Pure; the
 * log itself is the spool, `archive/` knows how far each receiver is, `push/` when something is sent, `fhir/` and `syslog/` how.
 */
export { awayTooLong, type Followed } from './away.ts';
export { AUDIT_BATCHES, batchOf, type Batch } from './batch.ts';
export { framed, syslogMessage } from './syslog-message.ts';

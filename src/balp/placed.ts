import type { AuditRecord } from '../audit/index.ts';

/** A record and its place in the audit log. */
export interface Placed<Record extends AuditRecord = AuditRecord> {
  readonly chain: string;
  readonly seq: number;
  /** Of its line; absent: the event does not say where it comes from. */
  readonly hash?: string;
  readonly record: Record;
}

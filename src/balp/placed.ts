import type { AuditRecord } from '../audit/index.ts';

/** A record and its place in the audit log. */
export interface Placed<Record extends AuditRecord = AuditRecord> {
  readonly chain: string;
  readonly seq: number;
  readonly record: Record;
}

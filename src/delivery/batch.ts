import { auditEventsOf, type AuditEventResource } from '../balp/index.ts';
import type { Kind } from '../push/index.ts';
import type { PlacedRecord } from '../trail/index.ts';

/** Records of one chain that follow one another, as they are sent together. */
export interface Batch {
  readonly events: readonly SentEvent[];
}

export interface SentEvent {
  readonly chain: string;
  readonly seq: number;
  /** Of the line in the audit log. */
  readonly hash: string;
  readonly event: AuditEventResource;
}

export function batchOf(records: readonly PlacedRecord[], house: Parameters<typeof auditEventsOf>[1]): Batch {
  const events = records.flatMap((placed) => {
    const { chain, seq, hash } = placed;
    return auditEventsOf(placed, house).map((event) => ({ chain, seq, hash, event }));
  });
  return { events };
}

/** Batches on their way to a receiver. */
export const AUDIT_BATCHES: Kind<Batch> = {
  at: ({ events: [first] }) => Date.parse(first?.event.recorded ?? ''),
  size: ({ events }) => events.length,
  details: ({ events: [first] }) => ({ auditEvent: first?.event.id, chain: first?.chain, seq: first?.seq }),
  words: {
    refused: 'a receiver refused a record of the audit log; it was set aside: see gatehouse audit delivery',
    away: 'a receiver cannot be sent the audit log; what is new waits for it',
    back: 'a receiver takes the audit log again',
    unseen: 'it could not be looked for what is new in the audit log',
  },
};

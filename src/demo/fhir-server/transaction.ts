import { denial, outcomeAnswer, type EntryDecision } from '../../resource-server/index.ts';
import type { Answer } from './answers.ts';
import type { Shelf } from './shelf.ts';
import { WRITABLE_TYPES, refusalOf, writeOf, type Write } from './write.ts';

/** An entry of a Bundle, as far as its decision does not hold it. */
export interface SentEntry {
  readonly resource?: unknown;
  readonly request?: { readonly ifMatch?: unknown };
}

/** Each of them is written, or none. */
export function serveTransaction(
  sent: readonly SentEntry[],
  decided: readonly EntryDecision[],
  shelf: Shelf,
): Answer {
  const writes: Write[] = [];
  for (const [at, { decision }] of decided.entries()) {
    if (!decision.allowed) return denial(decision);
    const write = writeOf(decision, sent[at]?.resource, sent[at]?.request?.ifMatch);
    if (!write)
      return outcomeAnswer(
        400,
        'not-supported',
        `this server carries out batches, and no transactions but those that PUT ${[...WRITABLE_TYPES].join(', ')}`,
      );
    const refused = refusalOf(write, decision, shelf);
    if (refused) return refused;
    writes.push(write);
  }
  const before = writes.map(({ resource: { resourceType, id } }) => shelf.find(resourceType, id));
  const entry = shelf.put(writes.map(({ resource }) => resource)).map(({ meta: { versionId } }, at) => ({
    response: { status: before[at] ? '200 OK' : '201 Created', etag: `W/"${versionId}"` },
  }));
  return { status: 200, body: { resourceType: 'Bundle', type: 'transaction-response', entry } };
}

import {
  decideBatch,
  denial,
  outcomeAnswer,
  type EntryDecision,
  type TokenInfo,
} from '../../resource-server/index.ts';
import { parseJson } from '../read-body.ts';
import { type Answer } from './answers.ts';
import { DECIDE_OPTIONS } from './guard.ts';
import { perform } from './perform.ts';
import type { Shelf } from './shelf.ts';
import { serveTransaction, type SentEntry } from './transaction.ts';
import { carryOut, writeOf } from './write.ts';

/** A hundred records of an audit log are some more AuditEvents. */
const MAX_ENTRIES = 250;

/**
 * A batch: each entry is decided and answered by itself, as if it had come alone (SEM-11). The demo's authorization server
 * sends its audit log in batches, and records of decisions in transactions.
 */
export function serveBatch(
  body: string | undefined,
  token: TokenInfo,
  fhirBaseUrl: string,
  shelf: Shelf,
): Answer {
  if (body === undefined) return outcomeAnswer(413, 'too-long', 'a batch may be 1 MiB at most');
  const bundle = parseJson(body);
  const decided = decideBatch(token, bundle, DECIDE_OPTIONS);
  if (!decided.allowed) {
    return decided.status === 400 ? outcomeAnswer(400, 'invalid', decided.description) : denial(decided);
  }
  if (decided.entries.length > MAX_ENTRIES)
    return outcomeAnswer(413, 'too-long', `a batch may hold ${MAX_ENTRIES} entries at most`);
  const { entry: sent = [] } = bundle as { entry?: readonly SentEntry[] };
  if (decided.type === 'transaction') return serveTransaction(sent, decided.entries, shelf);
  const entry = decided.entries.map((one, at) => entryOf(answerTo(one, sent[at], fhirBaseUrl, shelf)));
  return { status: 200, body: { resourceType: 'Bundle', type: 'batch-response', entry } };
}

function answerTo(
  { query, decision }: EntryDecision,
  sent: SentEntry | undefined,
  fhirBaseUrl: string,
  shelf: Shelf,
): Answer {
  if (!decision.allowed) return denial(decision);
  const write = writeOf(decision, sent?.resource, sent?.request?.ifMatch);
  return write ? carryOut(write, decision, shelf) : perform(decision, query, fhirBaseUrl, shelf.all());
}

/** What would have been a status, headers and a body, as an entry. */
function entryOf({ status, body, headers = {} }: Answer): object {
  const { ETag: etag } = headers;
  const response = { status: String(status), ...(etag === undefined ? {} : { etag }) };
  return status < 300 ? { resource: body, response } : { response: { ...response, outcome: body } };
}

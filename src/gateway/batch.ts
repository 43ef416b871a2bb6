import {
  NOT_FOUND,
  decideBatch,
  outcomeAnswer,
  type DecideOptions,
  type EntryDecision,
  type FhirInteraction,
} from '../resource-server/index.ts';
import { refusal, type Answer } from './answers.ts';
import { AS_JSON, askedOf, type Call } from './call.ts';
import { failureOf, headersOf } from './held.ts';
import { withOurLinks } from './links.ts';
import { perform } from './perform.ts';
import { isJson, parseJson, readContent } from './request-body.ts';
import { UpstreamFailed, type Upstream } from './upstream.ts';

const MAX_ENTRIES = 500;
/** Entries of one batch that are under way at a time. */
const AT_ONCE = 8;

export interface BatchParts {
  readonly upstream: Upstream;
  readonly options: DecideOptions;
  /** Told what became of each entry, where the answer is that of a batch. */
  readonly done: (interaction: FhirInteraction, answer: Pick<Answer, 'status' | 'refused'>) => void;
}

interface SentEntry {
  readonly fullUrl?: unknown;
  readonly resource?: unknown;
  readonly request?: Readonly<Record<string, unknown>>;
}

/**
 * A batch or a transaction, each entry decided as if it had come alone (SEM-11). Where every entry may go through as it is,
 * the Bundle goes on whole. Else a batch is taken apart, its entries are carried out one by one, and put together again; a
 * transaction, which is all or nothing and so cannot be taken apart, is refused.
 *
 * @throws UpstreamFailed
 */
export async function performBatch(call: Call, { upstream, options, done }: BatchParts): Promise<Answer> {
  if (!isJson(call.headers['content-type']) || !call.body)
    return outcomeAnswer(415, 'not-supported', 'a Bundle has to be sent as application/fhir+json');
  const read = readContent(call.body);
  if (!('content' in read)) return read;
  const bundle = read.content;
  const decided = decideBatch(call.token, bundle, options);
  if (!decided.allowed)
    return decided.status === 400 ? outcomeAnswer(400, 'invalid', decided.description) : refusal(decided);
  const { entries, type } = decided;
  if (entries.length > MAX_ENTRIES)
    return outcomeAnswer(413, 'too-long', `a Bundle may hold ${MAX_ENTRIES} entries at most`);
  if (entries.every(isWhole)) return sendWhole(call, entries, { upstream, done });
  if (type === 'transaction')
    return outcomeAnswer(
      403,
      'not-supported',
      'what this token may see of a transaction would have to be filtered, and a transaction cannot be taken apart: send its entries by themselves',
    );
  const sent = (bundle as { entry: readonly SentEntry[] }).entry;
  const answers = await inOrder(entries, async (entry, at) => {
    const answer = await answerEntry(call, entry, sent[at] ?? {}, upstream);
    done(entry.interaction, answer);
    return answer;
  });
  return {
    status: 200,
    body: { resourceType: 'Bundle', type: 'batch-response', entry: answers.map(entryOf) },
  };
}

function isWhole({ decision }: EntryDecision): boolean {
  return (
    decision.allowed && decision.check.length === 0 && decision.representation && decision.add.length === 0
  );
}

async function sendWhole(
  call: Call,
  entries: readonly EntryDecision[],
  { upstream, done }: Pick<BatchParts, 'upstream' | 'done'>,
): Promise<Answer> {
  const held = await upstream.hold(askedOf(call, { headers: AS_JSON }));
  if (held.status !== 200) return failureOf(held, upstream);
  const content = parseJson(held.body);
  if (typeof content !== 'object' || content === null) return NOT_FOUND;
  const { entry: answered } = content as { entry?: readonly { response?: { status?: unknown } }[] };
  for (const [at, { interaction }] of entries.entries()) {
    // Some servers write more than the number.
    const status = Number.parseInt(String(answered?.[at]?.response?.status), 10);
    done(interaction, { status: Number.isNaN(status) ? held.status : status });
  }
  return { status: 200, headers: headersOf(held, upstream), body: withOurLinks(content, upstream.toOurs) };
}

async function answerEntry(
  call: Call,
  { decision, query }: EntryDecision,
  { request = {}, resource }: SentEntry,
  upstream: Upstream,
): Promise<Answer> {
  if (!decision.allowed) return refusal(decision);
  const text = (name: string): string | undefined => {
    const value = request[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [path = ''] = (text('url') ?? '').split('?');
  const condition = text('ifNoneExist');
  const body = resource === undefined ? undefined : Buffer.from(JSON.stringify(resource));
  const alone: Call = {
    ...call,
    method: text('method') ?? '',
    pathBelowBase: `/${path}`,
    query: { decided: query, page: [], isPageOnly: false },
    headers: {
      ...(body ? { 'content-type': 'application/fhir+json' } : {}),
      ...(text('ifMatch') === undefined ? {} : { 'if-match': text('ifMatch') }),
      ...(condition === undefined ? {} : { 'if-none-exist': condition }),
    },
    ...(condition === undefined ? {} : { ifNoneExist: condition }),
  };
  const { body: _whole, ...rest } = alone;
  try {
    return await perform(body ? { ...rest, body } : rest, decision, upstream);
  } catch (error) {
    if (error instanceof UpstreamFailed)
      return outcomeAnswer(502, 'transient', 'the FHIR server did not answer this entry');
    throw error;
  }
}

/** What would have been a status, headers and a body, as an entry. */
function entryOf({ status, body, headers = {} }: Answer): object {
  const named = (name: string): Record<string, string> => {
    const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
    return typeof value === 'string' ? { [NAMES[name] ?? name]: value } : {};
  };
  const response = {
    status: String(status),
    ...named('etag'),
    ...named('location'),
    ...named('last-modified'),
  };
  if (body === undefined) return { response };
  return status < 300 ? { resource: body, response } : { response: { ...response, outcome: body } };
}

const NAMES: Readonly<Record<string, string>> = { 'last-modified': 'lastModified' };

/** So many at a time, and the results where they belong. */
async function inOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [at, item] of left) results[at] = await work(item, at);
    }),
  );
  return results;
}

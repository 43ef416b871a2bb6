import { z } from 'zod';

import type { Batch } from '../delivery/index.ts';
import type { Outcome, Outlet } from '../push/index.ts';
import { createFhirCaller, type FhirAnswer, type FhirCaller } from './caller.ts';
import { LATER, issueIn, reasonOf } from './outcome.ts';
import { relativeTo } from './references.ts';

const TIMEOUT_MS = 10_000;

const answered = z.looseObject({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.looseObject({ response: z.looseObject({ status: z.string(), outcome: z.unknown().optional() }) }),
  ),
});

type Events = Batch['events'];
type Sent = Extract<Outcome<Batch>, { kind: 'sent' }>;
type Refused = NonNullable<Sent['refused']>;

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && !LATER.has(status);

/**
 * Puts AuditEvents on a FHIR server (ATX: FHIR Feed), each under its own id, so that twice is as good as once: a batch in one
 * request, and one by one where the server takes no batch.
 *
 * @param accessToken may create and update AuditEvent
 */
export function createAuditOutlet(
  fhirBaseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch = fetch,
): Outlet<Batch> {
  const call = createFhirCaller(fhirBaseUrl, { accessToken, fetchImpl, timeoutMs: TIMEOUT_MS });
  let takesBatches = true;
  return {
    async send({ events }, signal) {
      const here = relativeTo(fhirBaseUrl, events);
      try {
        if (takesBatches && events.length > 1) {
          const outcome = await sendTogether(here, events, call, signal);
          if (outcome) return outcome;
          takesBatches = false;
        }
        return await sendEach(here, events, call, signal);
      } catch (error) {
        return { kind: 'away', reason: reasonOf(error) };
      }
    },
  };
}

/** @returns `undefined` where the server does not take it this way */
async function sendTogether(
  here: Events,
  events: Events,
  call: FhirCaller,
  signal: AbortSignal,
): Promise<Outcome<Batch> | undefined> {
  const entry = here.map(({ event }) => ({
    resource: event,
    request: { method: 'PUT', url: `AuditEvent/${event.id}` },
  }));
  const answer = await call('', { signal, body: { resourceType: 'Bundle', type: 'batch', entry } });
  if (isRefusal(answer.status)) return undefined;
  const told = answered.safeParse(answer.body).data?.entry;
  if (answer.status < 200 || answer.status > 299) return away(answer);
  if (told?.length !== events.length) return { kind: 'away', reason: 'it did not say what became of each' };
  const answers = told.map(({ response: { status, outcome } }) => ({
    status: Number.parseInt(status, 10),
    body: outcome,
  }));
  return outcomeOf(events, answers);
}

async function sendEach(
  here: Events,
  events: Events,
  call: FhirCaller,
  signal: AbortSignal,
): Promise<Outcome<Batch>> {
  const answers: FhirAnswer[] = [];
  for (const { event } of here) {
    const answer = await call(`AuditEvent/${event.id}`, { signal, method: 'PUT', body: event });
    answers.push(answer);
    // Those after it come after it.
    if (!isDone(answer)) break;
  }
  return outcomeOf(events, answers);
}

const isDone = ({ status }: FhirAnswer): boolean => (status >= 200 && status < 300) || isRefusal(status);

function outcomeOf(events: Events, answers: readonly FhirAnswer[]): Outcome<Batch> {
  const open = answers.find((answer) => !isDone(answer));
  if (open) return away(open);
  const refused: Refused = answers.flatMap(({ status, body }, at) => {
    const one = events[at];
    if (!one || !isRefusal(status)) return [];
    return { record: { events: [one] }, status, reason: issueIn(body) ?? `it answered ${status}` };
  });
  return { kind: 'sent', ...(refused.length > 0 ? { refused } : {}) };
}

function away({ status, waitMs }: FhirAnswer): Outcome<Batch> {
  return { kind: 'away', reason: `it answered ${status}`, ...(waitMs === undefined ? {} : { waitMs }) };
}

import { z } from 'zod';

import type { Outcome, Outlet } from '../push/index.ts';
import type { KeptRecord } from '../records/index.ts';
import { createFhirCaller, type FhirAnswer, type FhirCaller } from './caller.ts';
import { LATER, issueIn, reasonOf } from './outcome.ts';
import { relativeTo } from './references.ts';

/** Somebody else wrote the Consent between our look at it and our write: so often it is looked at anew. */
const TRIES = 3;
const CONFLICTS: ReadonlySet<number> = new Set([409, 412]);
const TIMEOUT_MS = 10_000;

const present = z.looseObject({
  resourceType: z.literal('Consent'),
  dateTime: z.string().optional(),
  meta: z.looseObject({ versionId: z.string().optional() }).optional(),
});
const stored = z.looseObject({ resourceType: z.literal('Bundle') });

/**
 * Puts a decision's Consent and Provenance on a FHIR server, in one transaction: both or neither, under the ids they have
 * in the archive, so that twice is as good as once. A Consent that is there with a newer decision stays, and only the
 * Provenance is put beside it: records may come late, from another machine or after an operator sent them again.
 *
 * @param accessToken as for the look-ups; it may read and write Consent, and write Provenance
 */
export function createRecordOutlet(
  fhirBaseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch = fetch,
): Outlet<KeptRecord> {
  const call = createFhirCaller(fhirBaseUrl, { accessToken, fetchImpl, timeoutMs: TIMEOUT_MS });
  return {
    async send(record, signal) {
      const here = relativeTo(fhirBaseUrl, record);
      try {
        for (let tries = 1; ; tries += 1) {
          const answer = await put(here, call, signal);
          if (tries < TRIES && CONFLICTS.has(answer.status)) continue;
          return outcomeOf(answer);
        }
      } catch (error) {
        return { kind: 'away', reason: reasonOf(error) };
      }
    },
  };
}

async function put({ consent, provenance }: KeptRecord, call: FhirCaller, signal: AbortSignal) {
  const found = await call(`Consent/${consent.id}`, { signal });
  const isThere = found.status === 200;
  if (!isThere && found.status !== 404 && found.status !== 410) return found;
  const there = isThere ? present.safeParse(found.body).data : undefined;
  if (isThere && !there) return { ...found, status: 200, body: undefined };
  const isNewer = there?.dateTime !== undefined && Date.parse(there.dateTime) > Date.parse(consent.dateTime);
  const versionId = there?.meta?.versionId;
  const entry = [
    ...(isNewer ? [] : [entryOf(consent, versionId === undefined ? undefined : `W/"${versionId}"`)]),
    entryOf(provenance),
  ];
  return call('', { signal, body: { resourceType: 'Bundle', type: 'transaction', entry } });
}

function entryOf(resource: { readonly resourceType: string; readonly id: string }, ifMatch?: string): object {
  const url = `${resource.resourceType}/${resource.id}`;
  const request = { method: 'PUT', url, ...(ifMatch === undefined ? {} : { ifMatch }) };
  return { resource, request };
}

function outcomeOf({ status, body, waitMs }: FhirAnswer): Outcome {
  if (status >= 200 && status < 300)
    return stored.safeParse(body).success
      ? { kind: 'sent' }
      : { kind: 'away', reason: `it answered ${status}, and not with FHIR` };
  if (status >= 400 && status < 500 && !LATER.has(status))
    return { kind: 'refused', status, reason: issueIn(body) ?? `it answered ${status}` };
  const reason = `it answered ${status}`;
  return { kind: 'away', reason, ...(waitMs === undefined ? {} : { waitMs }) };
}

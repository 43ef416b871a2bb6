import { z } from 'zod';

import { isFhirId } from '../smart/index.ts';
import { createFhirCaller } from './caller.ts';

const TIMEOUT_MS = 4000;
const MAX_TEXT = 120;

/** The FHIR server did not answer, or not with FHIR. */
export class FhirUnavailable extends Error {
  override readonly name = 'FhirUnavailable';
}

/** Reads from one FHIR server; rejects with {@link FhirUnavailable} when it cannot. */
export interface FhirClient {
  /** @returns `undefined` where there is nothing (404, 410) */
  readonly get: (path: string) => Promise<unknown>;
  readonly baseUrl: string;
}

/** @param accessToken a token Gatehouse issued to itself for this FHIR server; a new one where `renew` is asked. */
export function createFhirClient(
  baseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch = fetch,
): FhirClient {
  const call = createFhirCaller(baseUrl, { accessToken, fetchImpl, timeoutMs: TIMEOUT_MS });
  return {
    baseUrl,
    async get(path) {
      const { status, body } = await call(path).catch((cause: unknown) => {
        throw new FhirUnavailable('the FHIR server did not answer', { cause });
      });
      if (status === 404 || status === 410) return undefined;
      if (status < 200 || status > 299)
        throw new FhirUnavailable(`GET ${path.split('?')[0] ?? ''} answered ${status}`);
      if (body === undefined) throw new FhirUnavailable('the FHIR server did not answer with JSON');
      return body;
    },
  };
}

export const text = z.string().transform(clean);
export const id = z.string().refine(isFhirId);
export const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })).optional(),
  entry: z.array(z.looseObject({ resource: z.unknown() })).optional(),
});

/** The matches of a search; beside them a Bundle may hold an OperationOutcome or included resources. */
export function resourcesOf({ entry }: z.output<typeof bundle>, resourceType: string): unknown[] {
  const isWanted = (resource: unknown): boolean =>
    typeof resource === 'object' &&
    resource !== null &&
    'resourceType' in resource &&
    resource.resourceType === resourceType;
  return (entry ?? []).map(({ resource }) => resource).filter(isWanted);
}

export function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new FhirUnavailable('the FHIR server answered something else than expected');
  return parsed.data;
}

/** What follows the base in a link. A link that leads elsewhere is refused: our token goes to this server only. */
export function below(baseUrl: string, link: string): string {
  const path = pathBelow(baseUrl, link);
  if (path === undefined) throw new FhirUnavailable('the FHIR server links to pages outside itself');
  return path;
}

/** `Patient/1` of a relative or absolute reference on this server, of whichever version; `undefined`: it is elsewhere. */
export function referenceBelow(baseUrl: string, reference: string): string | undefined {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(reference);
  const path = isAbsolute ? pathBelow(baseUrl, reference) : reference;
  const [, type, itsId] = /^([A-Z][A-Za-z]+)\/([^/]+)(?:\/_history\/[^/]+)?$/.exec(path ?? '') ?? [];
  return isFhirId(itsId) ? `${type}/${itsId}` : undefined;
}

function pathBelow(baseUrl: string, link: string): string | undefined {
  // Compared as parsed, so that no `..` leads out afterwards.
  const base = new URL(baseUrl).href.replace(/\/$/, '');
  const url = URL.parse(link)?.href ?? '';
  const isBelow = ['/', '?'].some((separator) => url.startsWith(base + separator));
  return isBelow ? url.slice(base.length).replace(/^\//, '') : undefined;
}

/** Shown to people: no control or direction-changing characters, and not endless (SEC-13). */
function clean(value: string): string {
  return value
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim()
    .slice(0, MAX_TEXT);
}

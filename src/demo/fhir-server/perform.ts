import {
  NOT_FOUND,
  outcomeAnswer,
  type AllowedRequest,
  type FhirInteraction,
} from '../../resource-server/index.ts';
import type { DemoResource } from '../data/fhir.ts';
import { type Answer } from './answers.ts';
import { SERVED_TYPES } from './capability-statement.ts';
import { parseSearch, runSearch } from './search.ts';

const WRITES: ReadonlySet<FhirInteraction['kind']> = new Set([
  'create',
  'update',
  'patch',
  'delete',
  'batch',
]);

/** Does what was allowed, within its filters: one request, or one entry of a batch. */
export function perform(
  allowed: AllowedRequest,
  query: URLSearchParams,
  fhirBaseUrl: string,
  resources: readonly DemoResource[],
): Answer {
  const { interaction } = allowed;
  const { kind } = interaction;
  const visible = resources.filter(allowed.visible);
  if (kind === 'read' || kind === 'vread') return read(interaction, visible);
  if (kind === 'search-type') return search(interaction.resourceType, query, visible, fhirBaseUrl);
  if (WRITES.has(kind)) return readOnly(kind);
  return outcomeAnswer(404, 'not-supported', `this server does not support ${kind}`);
}

/** Each resource has one version, the one that is judged and shown (SEM-20). */
function read(
  wanted: { resourceType: string; id: string; versionId?: string },
  visible: readonly DemoResource[],
): Answer {
  const resource = visible.find(
    ({ resourceType, id }) => resourceType === wanted.resourceType && id === wanted.id,
  );
  if (!resource) return NOT_FOUND;
  const { versionId, lastUpdated } = resource.meta;
  if (wanted.versionId !== undefined && wanted.versionId !== versionId) return NOT_FOUND;
  const headers = { ETag: `W/"${versionId}"`, 'Last-Modified': new Date(lastUpdated).toUTCString() };
  return { status: 200, body: resource, headers };
}

function search(
  resourceType: string,
  query: URLSearchParams,
  visible: readonly DemoResource[],
  fhirBaseUrl: string,
): Answer {
  if (!SERVED_TYPES.has(resourceType))
    return outcomeAnswer(404, 'not-supported', `this server holds no ${resourceType}`);
  const parsed = parseSearch(resourceType, query, fhirBaseUrl);
  if (!parsed.ok) return outcomeAnswer(400, 'invalid', parsed.description);
  return { status: 200, body: runSearch(parsed.search, visible, fhirBaseUrl) };
}

export function readOnly(what: string): Answer {
  const diagnostics = `this server is read-only: it does not support ${what} here`;
  return outcomeAnswer(405, 'not-supported', diagnostics, { Allow: 'GET, HEAD, OPTIONS' });
}

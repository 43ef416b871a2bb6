import {
  denial,
  outcomeAnswer,
  type AllowedRequest,
  type EntryDecision,
} from '../../resource-server/index.ts';
import type { DemoResource } from '../data/fhir.ts';
import type { Answer } from './answers.ts';
import type { Shelf } from './shelf.ts';

/** What may be written to this server: what an authorization server knows of people's decisions. */
export const WRITABLE_TYPES: ReadonlySet<string> = new Set(['Consent', 'Provenance']);
const WEAK_TAG = /^W\/"(.+)"$/;

interface Write {
  readonly resource: DemoResource;
  readonly ifMatch?: string;
}

/** Each of them is written, or none. */
export function serveTransaction(bundle: unknown, decided: readonly EntryDecision[], shelf: Shelf): Answer {
  const { entry: sent = [] } = bundle as { entry?: readonly unknown[] };
  const writes: Write[] = [];
  for (const [at, { decision }] of decided.entries()) {
    if (!decision.allowed) return denial(decision);
    const write = writeOf(sent[at], decision);
    if (!write)
      return outcomeAnswer(
        400,
        'not-supported',
        'this server carries out batches, and no transactions but those that PUT Consent and Provenance',
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

function writeOf(entry: unknown, { interaction }: AllowedRequest): Write | undefined {
  if (interaction.kind !== 'update' || interaction.id === undefined) return undefined;
  if (!WRITABLE_TYPES.has(interaction.resourceType)) return undefined;
  const { resource, request } = entry as { resource?: DemoResource; request?: { ifMatch?: unknown } };
  // Where there is one, its type and id have been judged with the request.
  if (resource === undefined) return undefined;
  const { ifMatch } = request ?? {};
  return { resource, ...(typeof ifMatch === 'string' ? { ifMatch } : {}) };
}

/** What is there already must be within the scope, too (SEM-19), and be the version the writer has seen. */
function refusalOf({ resource, ifMatch }: Write, allowed: AllowedRequest, shelf: Shelf): Answer | undefined {
  const there = shelf.find(resource.resourceType, resource.id);
  if (there && !allowed.visible(there))
    return outcomeAnswer(403, 'forbidden', 'what is there lies outside of what the granted scopes permit');
  if (ifMatch !== undefined && WEAK_TAG.exec(ifMatch)?.[1] !== there?.meta.versionId)
    return outcomeAnswer(412, 'conflict', 'it was changed meanwhile');
  return undefined;
}

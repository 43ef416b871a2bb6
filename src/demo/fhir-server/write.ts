import { outcomeAnswer, type AllowedRequest } from '../../resource-server/index.ts';
import type { DemoResource } from '../data/fhir.ts';
import type { Answer } from './answers.ts';
import type { Shelf } from './shelf.ts';

/** What may be written to this server: what an authorization server knows of people's decisions, and of what it did. */
export const WRITABLE_TYPES: ReadonlySet<string> = new Set(['AuditEvent', 'Consent', 'Provenance']);
const WEAK_TAG = /^W\/"(.+)"$/;

/** One resource, under the id that its sender gave it. */
export interface Write {
  readonly resource: DemoResource;
  /** The version that the writer has seen: `W/"3"`. */
  readonly ifMatch?: string;
}

/**
 * @param sent the content; its type and id have been judged with the request
 * @returns `undefined` for what this server does not write
 */
export function writeOf({ interaction }: AllowedRequest, sent: unknown, ifMatch: unknown): Write | undefined {
  if (interaction.kind !== 'update' || interaction.id === undefined) return undefined;
  if (!WRITABLE_TYPES.has(interaction.resourceType) || sent === undefined) return undefined;
  return { resource: sent as DemoResource, ...(typeof ifMatch === 'string' ? { ifMatch } : {}) };
}

/** What is there already must be within the scope, too (SEM-19), and be the version the writer has seen. */
export function refusalOf(
  { resource, ifMatch }: Write,
  allowed: AllowedRequest,
  shelf: Shelf,
): Answer | undefined {
  const there = shelf.find(resource.resourceType, resource.id);
  if (there && !allowed.visible(there))
    return outcomeAnswer(403, 'forbidden', 'what is there lies outside of what the granted scopes permit');
  if (ifMatch !== undefined && WEAK_TAG.exec(ifMatch)?.[1] !== there?.meta.versionId)
    return outcomeAnswer(412, 'conflict', 'it was changed meanwhile');
  return undefined;
}

/** A write by itself, or one of a batch, which stands for itself as well. */
export function carryOut(write: Write, allowed: AllowedRequest, shelf: Shelf): Answer {
  const refused = refusalOf(write, allowed, shelf);
  if (refused) return refused;
  const { resourceType, id } = write.resource;
  const status = shelf.find(resourceType, id) ? 200 : 201;
  const [stored = write.resource] = shelf.put([write.resource]);
  return { status, body: stored, headers: { ETag: `W/"${stored.meta.versionId}"` } };
}

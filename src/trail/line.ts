import { hash } from 'node:crypto';
import { z } from 'zod';

import type { AuditRecord } from '../audit/index.ts';

/** The last line of a chain, by which others can tell that it was there: `seq` counts from 0. */
export interface Head {
  readonly chain: string;
  readonly seq: number;
  /** SHA-256 of the line, base64url. */
  readonly hash: string;
}

const head = z.strictObject({ chain: z.string(), seq: z.number().int().min(0), hash: z.string() });

/** Where a line stands: the hash of the one before it makes it a link of a chain. */
const place = {
  chain: z.string(),
  seq: z.number().int().min(0),
  /** Of the line before; of the first, empty. */
  prev: z.string(),
};

/**
 * One line of a chain:
 *
 *     begin        the first: when, and the heads of the other chains as they were then
 *     record       what was done
 *     checkpoint   a signature over all that stands before it (see checkpoint.ts)
 */
const line = z.union([
  z.strictObject({ ...place, begin: z.strictObject({ at: z.string(), others: z.array(head) }) }),
  z.strictObject({ ...place, record: z.looseObject({ type: z.string(), recorded: z.string() }) }),
  z.strictObject({ ...place, checkpoint: z.string() }),
]);
export type Line = z.output<typeof line>;
export type Body =
  | { readonly begin: { readonly at: string; readonly others: readonly Head[] } }
  | { readonly record: AuditRecord }
  | { readonly checkpoint: string };

/** @returns `undefined` when it is no line of ours, or not written as we write it */
export function parseLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // What was edited and means the same is edited: a line has one way to be written.
    // The value as it was read, since its members are hashed in their order.
    return JSON.stringify(value) === text && isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isLine = (value: unknown): value is Line => line.safeParse(value).success;

export function writeLine(
  { chain, seq, prev }: Omit<Head, 'hash'> & { readonly prev: string },
  body: Body,
): string {
  return JSON.stringify({ chain, seq, prev, ...body });
}

export function hashOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** What a line says, whatever stands before it: who forges a chain anew cannot change this and stay unseen. */
export function contentHash(body: Body | Line): string {
  const said = 'record' in body ? body.record : 'begin' in body ? body.begin : body.checkpoint;
  return hashOf(JSON.stringify(said)).slice(0, CONTENT_CHARACTERS);
}

/** 72 bits: nobody finds another record of the same hash for one that is there. */
export const CONTENT_CHARACTERS = 12;

/** A record with the line it stands on. */
export interface PlacedRecord extends Head {
  readonly record: AuditRecord;
}

/** @returns `undefined` where the line holds none, or is not whole */
export function placedIn(text: string): PlacedRecord | undefined {
  const parsed = parseLine(text);
  if (!parsed || !('record' in parsed)) return undefined;
  const { chain, seq, record } = parsed;
  return { chain, seq, hash: hashOf(text), record: record as unknown as AuditRecord };
}

/** The records among these lines, in order, as they were written. */
export function recordsIn(lines: readonly string[]): AuditRecord[] {
  return lines.flatMap((text) => placedIn(text)?.record ?? []);
}

/** The last whole line among these, which end a chain. */
export function headOf(lines: readonly string[]): Head | undefined {
  for (const text of lines.toReversed()) {
    const parsed = parseLine(text);
    if (parsed) return { chain: parsed.chain, seq: parsed.seq, hash: hashOf(text) };
  }
  return undefined;
}

/** What the first line of a chain says of the others. */
export function othersSeenBy(first: string): readonly Head[] {
  const parsed = parseLine(first);
  return parsed && 'begin' in parsed ? parsed.begin.others : [];
}

import type { IncomingMessage } from 'node:http';

import { parseFaithfully } from './faithful-json.ts';

import { repeatedMember } from '../oauth/index.ts';
import { outcomeAnswer } from '../resource-server/index.ts';
import type { Answer } from './answers.ts';

/** The whole body; `undefined` when it is longer than it may be. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const JSON_TYPES = new Set([
  'application/fhir+json',
  'application/json',
  'application/json+fhir',
  'application/json-patch+json',
]);

/** Is this a FHIR content we can judge? */
export function isJson(contentType: string | undefined): boolean {
  return JSON_TYPES.has((contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '');
}

/** What JSON says; `undefined` when it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return parseFaithfully(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What was sent to be judged, and then goes on as it came; an answer where servers might read another thing in it. */
export function readContent(bytes: Buffer): { readonly content: unknown } | Answer {
  const content = parseJson(bytes);
  if (content === undefined) return outcomeAnswer(400, 'invalid', 'the content is no JSON');
  const repeated = repeatedMember(bytes.toString('utf8'));
  if (repeated === undefined) return { content };
  const name = repeated.slice(0, LONGEST_NAME);
  return outcomeAnswer(400, 'invalid', `the content has ${JSON.stringify(name)} twice in one object`);
}

const LONGEST_NAME = 64;

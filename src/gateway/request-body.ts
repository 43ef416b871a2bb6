import type { IncomingMessage } from 'node:http';

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

const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir']);

/** Is this a FHIR content we can judge? */
export function isJson(contentType: string | undefined): boolean {
  return JSON_TYPES.has((contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '');
}

/** What JSON says; `undefined` when it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

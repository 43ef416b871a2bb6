import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 64 * 1024;

/** Reads a body as text; `undefined` when it is longer than `most`, 64 KiB. */
export async function readBody(request: IncomingMessage, most = MAX_BYTES): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const bytes of body) {
    length += bytes.length;
    if (length > most) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a form-encoded body; `undefined` when it is longer than 64 KiB. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const body = await readBody(request);
  return body === undefined ? undefined : new URLSearchParams(body);
}

/** Reads JSON; `undefined` for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

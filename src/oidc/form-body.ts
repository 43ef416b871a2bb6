import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';

/** What oidc-provider itself accepts. */
export const LONGEST_FORM_BYTES = 56 * 1024;

/**
 * Reads a form, lets it be changed, and hands it on: the provider reads the request as a stream, and is given one again.
 *
 * @param change the form to hand on instead, or `undefined` to hand on the bytes as they came
 * @returns `false` when the request was answered here, because it is too long
 */
export async function changeForm(
  ctx: Context,
  change: (form: URLSearchParams) => Promise<URLSearchParams | undefined>,
): Promise<boolean> {
  if (!ctx.is('application/x-www-form-urlencoded')) return true;
  const body = await readWhole(ctx.req);
  if (body === undefined) {
    ctx.status = 413;
    ctx.body = { error: 'invalid_request', error_description: 'the request is longer than 56 KiB' };
    return false;
  }
  const changed = await change(new URLSearchParams(body));
  replay(ctx.req, Buffer.from(changed?.toString() ?? body));
  return true;
}

async function readWhole(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Lets the next one read a request again. */
export function replay(request: IncomingMessage, body: Buffer): void {
  request.headers['content-length'] = String(body.length);
  Object.defineProperty(request, 'readable', { configurable: true, value: true });
  Object.defineProperty(request, 'iterator', {
    configurable: true,
    value: async function* once() {
      yield body;
    },
  });
}

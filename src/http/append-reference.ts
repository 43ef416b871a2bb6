import type { Middleware } from 'koa';

/**
 * Puts the reference id into every error an app gets, in JSON or on a redirect, so that what its developer sees can be
 * found in our log.
 *
 * @param resolve settles which reference the request belongs to
 */
export function appendReference(resolve: (ctx: Parameters<Middleware>[0]) => string): Middleware {
  return async function appendReferenceMiddleware(ctx, next) {
    await next();
    const note = ` (reference ${resolve(ctx)})`;
    const { body } = ctx as { body?: unknown };
    if (typeof body === 'object' && body !== null && 'error' in body && !Buffer.isBuffer(body)) {
      ctx.body = { ...body, error_description: (descriptionOf(body) + note).trim() };
    }
    const location = ctx.response.get('Location');
    if (/[?&#]error=/.test(location)) ctx.set('Location', withNote(location, note));
  };
}

/** What some codes come without, in a sentence. */
const SENTENCES: Readonly<Record<string, string>> = {
  server_error: 'something went wrong on our side',
  request_not_supported: 'request objects are not supported; send the parameters themselves',
  request_uri_not_supported: 'request_uri is not supported; send the parameters themselves',
  registration_not_supported: 'the registration parameter is not supported; register the client beforehand',
};

/** In the query, or in the fragment, where RFC 6749 §4.2.2.1 wants errors of response types with a token. */
function withNote(location: string, note: string): string {
  const url = new URL(location, 'http://relative.invalid');
  const inFragment = url.hash.includes('error=');
  const params = inFragment ? new URLSearchParams(url.hash.slice(1)) : url.searchParams;
  const sentence = params.get('error_description') ?? SENTENCES[params.get('error') ?? ''] ?? '';
  params.set('error_description', (sentence + note).trim());
  if (inFragment) url.hash = params.toString();
  return url.href;
}

function descriptionOf(body: object & { readonly error: unknown }): string {
  if (body.error === 'server_error') return SENTENCES['server_error'] ?? '';
  return 'error_description' in body ? String(body.error_description) : (SENTENCES[String(body.error)] ?? '');
}

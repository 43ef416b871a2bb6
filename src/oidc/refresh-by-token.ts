import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';

/** What oidc-provider itself accepts. */
const LIMIT_BYTES = 56 * 1024;

/**
 * Lets a public client refresh without repeating its `client_id`. RFC 6749 §6 does not ask for it, and the browser build
 * of fhirclient does not send it; the token knows its client. Of a client that can authenticate nothing is inferred.
 */
export function refreshByToken(provider: Provider): Middleware {
  return async function refreshByTokenMiddleware(ctx, next) {
    const mayBePublic = ctx.method === 'POST' && ctx.path === '/token' && ctx.get('Authorization') === '';
    if (!mayBePublic || !ctx.is('application/x-www-form-urlencoded')) {
      await next();
      return;
    }
    const body = await readWhole(ctx.req);
    if (body === undefined) {
      ctx.status = 413;
      ctx.body = { error: 'invalid_request', error_description: 'the request is longer than 56 KiB' };
      return;
    }
    const clientId = await inferClientId(new URLSearchParams(body), provider);
    const addition = clientId === undefined ? '' : `&${new URLSearchParams({ client_id: clientId })}`;
    replay(ctx.req, Buffer.from(body + addition));
    await next();
  };
}

async function inferClientId(form: URLSearchParams, provider: Provider): Promise<string | undefined> {
  const token = form.get('refresh_token');
  if (form.get('grant_type') !== 'refresh_token' || token === null) return undefined;
  if (form.has('client_id') || form.has('client_assertion') || form.has('client_secret')) return undefined;
  const clientId = (await provider.RefreshToken.find(token))?.clientId;
  const client = clientId === undefined ? undefined : await provider.Client.find(clientId);
  return client?.clientAuthMethod === 'none' ? clientId : undefined;
}

async function readWhole(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The provider reads the request as a stream; it is given the same bytes again. */
function replay(request: IncomingMessage, body: Buffer): void {
  request.headers['content-length'] = String(body.length);
  Object.defineProperty(request, 'readable', { configurable: true, value: true });
  Object.defineProperty(request, 'iterator', {
    configurable: true,
    value: async function* once() {
      yield body;
    },
  });
}

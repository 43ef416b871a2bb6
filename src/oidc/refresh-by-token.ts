import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';

import { changeForm } from './form-body.ts';

/**
 * Lets a public client refresh without repeating its `client_id`. RFC 6749 §6 does not ask for it, and the browser build
 * of fhirclient does not send it; the token knows its client. Of a client that can authenticate nothing is inferred.
 */
export function refreshByToken(provider: Provider): Middleware {
  return async function refreshByTokenMiddleware(ctx, next) {
    const mayBePublic = ctx.method === 'POST' && ctx.path === '/token' && ctx.get('Authorization') === '';
    if (!mayBePublic || (await changeForm(ctx, (form) => withClientId(form, provider)))) await next();
  };
}

async function withClientId(form: URLSearchParams, provider: Provider): Promise<URLSearchParams | undefined> {
  const token = form.get('refresh_token');
  if (form.get('grant_type') !== 'refresh_token' || token === null) return undefined;
  if (form.has('client_id') || form.has('client_assertion') || form.has('client_secret')) return undefined;
  const clientId = (await provider.RefreshToken.find(token))?.clientId;
  const client = clientId === undefined ? undefined : await provider.Client.find(clientId);
  if (clientId === undefined || client?.clientAuthMethod !== 'none') return undefined;
  return new URLSearchParams([...form, ['client_id', clientId]]);
}

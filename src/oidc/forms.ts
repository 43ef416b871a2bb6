import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';

import { shortScopeText } from '../smart/index.ts';
import { fhirServerOf } from './authorization-request.ts';
import { changeForm } from './form-body.ts';
import type { ProviderParts } from './parts.ts';

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/**
 * Forms as the provider understands them. It compares scopes and resources letter by letter, wants a `client_id` with
 * every refresh, and turns JWTs away at introspection and revocation, since its own are kept nowhere; ours are.
 */
export function preparedForms(
  provider: Provider,
  parts: Pick<ProviderParts, 'config' | 'disguiseJwt'>,
): Middleware {
  return async function preparedFormsMiddleware(ctx, next) {
    const change = CHANGES[ctx.path];
    if (ctx.method !== 'POST' || !change) {
      await next();
      return;
    }
    const anonymous = ctx.get('Authorization') === '';
    if (await changeForm(ctx, (form) => change(form, { ...parts, provider, anonymous }))) await next();
  };
}

interface FormParts extends Pick<ProviderParts, 'config' | 'disguiseJwt'> {
  readonly provider: Provider;
  /** No credentials stand in the header. */
  readonly anonymous: boolean;
}

type Change = (form: URLSearchParams, parts: FormParts) => Promise<URLSearchParams | undefined>;

const CHANGES: Readonly<Record<string, Change>> = {
  '/token': async (form, parts) => {
    const changed = withResource(withShortScopes(form), parts);
    return parts.anonymous ? withClientId(changed, parts.provider) : changed;
  },
  '/introspect': async (form, parts) => withDisguisedJwt(form, parts),
  '/revoke': async (form, parts) => withDisguisedJwt(form, parts),
};

/** The only value of a member; a repeated one is left for the provider to refuse. */
function only(form: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = form.getAll(name);
  return more.length === 0 ? value : undefined;
}

function replaced(form: URLSearchParams, name: string, value: string): URLSearchParams {
  const changed = new URLSearchParams(form);
  changed.set(name, value);
  return changed;
}

function withShortScopes(form: URLSearchParams): URLSearchParams {
  const scope = only(form, 'scope');
  return scope === undefined ? form : replaced(form, 'scope', shortScopeText(scope));
}

/** A FHIR base URL with and without its last slash is one (AUTHZ-12). */
function withResource(form: URLSearchParams, { config }: FormParts): URLSearchParams {
  const server = fhirServerOf(config.fhirServers, only(form, 'resource'));
  return server ? replaced(form, 'resource', server.url) : form;
}

/**
 * Lets a public client refresh without repeating its `client_id`. RFC 6749 §6 does not ask for it, and the browser build
 * of fhirclient does not send it; the token knows its client. Of a client that can authenticate nothing is inferred.
 */
async function withClientId(form: URLSearchParams, provider: Provider): Promise<URLSearchParams> {
  const token = form.get('refresh_token');
  if (form.get('grant_type') !== 'refresh_token' || token === null) return form;
  if (form.has('client_id') || form.has('client_assertion') || form.has('client_secret')) return form;
  const clientId = (await provider.RefreshToken.find(token))?.clientId;
  const client = clientId === undefined ? undefined : await provider.Client.find(clientId);
  if (clientId === undefined || client?.clientAuthMethod !== 'none') return form;
  return new URLSearchParams([...form, ['client_id', clientId]]);
}

function withDisguisedJwt(form: URLSearchParams, { disguiseJwt }: FormParts): URLSearchParams | undefined {
  const token = only(form, 'token');
  return token !== undefined && JWT.test(token) ? replaced(form, 'token', disguiseJwt(token)) : undefined;
}

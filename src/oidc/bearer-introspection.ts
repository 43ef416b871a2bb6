import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import type { AccessToken, Client, ClientCredentials, Provider } from 'oidc-provider';

import type { AuditRecorder } from '../audit/index.ts';
import type { SigningKeySet } from '../keys/index.ts';
import type { RequestLimits } from '../limits/index.ts';
import type { Clock, ErrorCode } from '../oauth/index.ts';
import { ROUTES } from './configuration.ts';
import { signIfAsked } from './introspection-jwt.ts';
import { mayIntrospect, type IntrospectionParts } from './introspection.ts';
import { withinLimit } from './limited.ts';

/** The scope a token needs to ask about other tokens; SMART leaves its name to us (INT-10). */
export function introspectScope(issuer: string): string {
  return `${issuer}/scopes/introspect`;
}

export interface BearerIntrospectionParts extends IntrospectionParts {
  readonly issuer: string;
  readonly provider: () => Provider;
  readonly signingKeys: () => SigningKeySet;
  readonly clock: Clock;
  readonly limits: RequestLimits;
  readonly audit: AuditRecorder;
}

/**
 * Introspection for a caller that shows a backend token instead of a secret, as SMART 2.2 asks (INT-08): the token needs
 * {@link introspectScope}, and its client the right to introspect. The answers are those of the other door.
 */
export function introspectByBearer(parts: BearerIntrospectionParts): Router {
  const router = new Router();
  const parse = bodyParser({ enableTypes: ['form'], formLimit: '56kb' });
  router.post(ROUTES.introspection, async (ctx, next) => {
    const [, text] = /^Bearer (\S+)$/i.exec(ctx.get('Authorization')) ?? [];
    if (text === undefined) {
      await next();
      return;
    }
    const caller = await callerOf(ctx, text, parts);
    if (!caller) return;
    if (!(await withinLimit(ctx, parts.limits, 'introspectionsPerClient', `client ${caller.clientId}`)))
      return;
    const origin = ctx.get('Origin');
    if (caller.allowed_origins?.includes(origin)) ctx.set('Access-Control-Allow-Origin', origin);
    await parse(ctx, () => answer(ctx, caller, parts));
  });
  return router;
}

async function callerOf(
  ctx: Context,
  text: string,
  parts: BearerIntrospectionParts,
): Promise<Client | undefined> {
  const provider = parts.provider();
  const token = await provider.ClientCredentials.find(text);
  const known =
    token?.isValid && token.clientId !== undefined ? await parts.clients.find(token.clientId) : undefined;
  const client =
    known && !known.disabled ? await provider.Client.find(known.registration.client_id) : undefined;
  if (!token || !client) {
    refuse(ctx, 401, 'invalid_token', 'the access token that asks is unknown, expired or revoked');
    return undefined;
  }
  const scope = introspectScope(parts.issuer);
  if (!token.scopes.has(scope) || !client.rights?.includes('introspect')) {
    refuse(ctx, 403, 'insufficient_scope', `asking about tokens needs the scope ${scope}`, scope);
    return undefined;
  }
  return client;
}

async function answer(ctx: Context, caller: Client, parts: BearerIntrospectionParts): Promise<void> {
  const { body } = ctx.request as { body?: Readonly<Record<string, unknown>> };
  const problem = requestProblem(ctx, body);
  if (problem !== undefined || typeof body?.['token'] !== 'string') {
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: problem };
    return;
  }
  const told = await describe(body['token'], caller, parts);
  ctx.body = told ?? { active: false };
  await parts.audit.record({
    type: 'token.introspected',
    outcome: 'success',
    active: told !== undefined,
    reference: String(ctx.state['reference']),
    address: ctx.ip,
    resourceServer: caller.clientId,
    ...(told === undefined ? {} : { clientId: told.client_id, ...(told.scope ? { scope: told.scope } : {}) }),
  });
  await signIfAsked(ctx, caller.clientId, parts);
}

function requestProblem(
  ctx: Context,
  body: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  if (!ctx.is('application/x-www-form-urlencoded'))
    return 'send the token as application/x-www-form-urlencoded';
  if (body && ('client_secret' in body || 'client_assertion' in body))
    return 'authenticate the client in one way only';
  return typeof body?.['token'] === 'string' && body['token'] !== '' ? undefined : 'token is required, once';
}

interface Told {
  readonly client_id: string;
  readonly scope?: string | undefined;
}

/** What there is to say about a living token; the same members as the provider's own answer. */
async function describe(
  text: string,
  caller: Client,
  parts: BearerIntrospectionParts,
): Promise<Told | undefined> {
  const provider = parts.provider();
  const token = (await provider.AccessToken.find(text)) ?? (await provider.ClientCredentials.find(text));
  if (!token?.isValid || token.clientId === undefined) return undefined;
  if (!(await grantLives(token, provider))) return undefined;
  if (!(await mayIntrospect(parts)(caller, token))) return undefined;
  return {
    ...('accountId' in token && token.accountId !== undefined ? { sub: token.accountId } : {}),
    ...token.extra,
    active: true,
    client_id: token.clientId,
    exp: token.exp,
    iat: token.iat,
    iss: parts.issuer,
    aud: token.aud,
    scope: token.scope,
    token_type: token.tokenType,
  } as Told;
}

async function grantLives(token: AccessToken | ClientCredentials, provider: Provider): Promise<boolean> {
  if (!('grantId' in token) || token.grantId === undefined) return true;
  const grant = await provider.Grant.find(token.grantId);
  return grant !== undefined && grant.clientId === token.clientId && grant.accountId === token.accountId;
}

function refuse(ctx: Context, status: number, error: ErrorCode, description: string, scope?: string): void {
  ctx.status = status;
  ctx.set(
    'WWW-Authenticate',
    `Bearer realm="introspection", error="${error}"${scope === undefined ? '' : `, scope="${scope}"`}`,
  );
  ctx.body = { error, error_description: description };
}

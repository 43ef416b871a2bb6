import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';

import type { Tally } from '../audit/index.ts';
import { browserOrigins, type Client, type ClientMemory } from '../clients/index.ts';
import { answerAbout, type LivingToken, type Teller, type TokenReader } from '../introspection/index.ts';
import type { SigningKeySet } from '../keys/index.ts';
import type { RequestLimits } from '../limits/index.ts';
import type { Clock, ErrorCode } from '../oauth/index.ts';
import { ROUTES } from './configuration.ts';
import { countQuestion } from './count-question.ts';
import { signIfAsked } from './introspection-jwt.ts';
import { withinLimit } from './limited.ts';
import { noteCaller } from './refusals.ts';

/** The scope a token needs to ask about other tokens; SMART leaves its name to us (INT-10). */
export function introspectScope(issuer: string): string {
  return `${issuer}/scopes/introspect`;
}

export interface BearerIntrospectionParts {
  readonly issuer: string;
  readonly clients: ClientMemory;
  readonly tokens: TokenReader;
  readonly tell: Teller;
  readonly signingKeys: () => SigningKeySet;
  readonly clock: Clock;
  readonly limits: RequestLimits;
  readonly tally: Tally;
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
    const caller = (await bearerCaller(ctx, text, parts))?.client;
    if (!caller) return;
    const { client_id: callerId } = caller.registration;
    if (!(await withinLimit(ctx, parts.limits, 'introspectionsPerClient', `client ${callerId}`))) return;
    const origin = ctx.get('Origin');
    if (browserOrigins(caller.registration).includes(origin)) ctx.set('Access-Control-Allow-Origin', origin);
    await parse(ctx, () => answer(ctx, caller.registration, parts));
  });
  return router;
}

/** Whose backend token this is, if it may ask about tokens; else it is refused, and told why. */
export async function bearerCaller(
  ctx: Context,
  text: string,
  { tokens, clients, issuer }: Pick<BearerIntrospectionParts, 'tokens' | 'clients' | 'issuer'>,
): Promise<{ readonly client: Client; readonly token: LivingToken } | undefined> {
  const token = await tokens.read(text);
  const client = token?.kind === 'ClientCredentials' ? await clients.find(token.clientId) : undefined;
  if (!token || !client || client.disabled) {
    refuse(ctx, 401, 'invalid_token', 'the access token that asks is unknown, expired or revoked');
    return undefined;
  }
  noteCaller(ctx, client.registration.client_id);
  const scope = introspectScope(issuer);
  if (!token.scope?.split(' ').includes(scope) || !client.registration.rights.includes('introspect')) {
    refuse(ctx, 403, 'insufficient_scope', `asking about tokens needs the scope ${scope}`, scope);
    return undefined;
  }
  return { client, token };
}

async function answer(
  ctx: Context,
  caller: Client['registration'],
  parts: BearerIntrospectionParts,
): Promise<void> {
  const { body } = ctx.request as { body?: Readonly<Record<string, unknown>> };
  const problem = requestProblem(ctx, body);
  if (problem !== undefined || typeof body?.['token'] !== 'string') {
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: problem };
    return;
  }
  const token = await parts.tell(body['token'], caller);
  ctx.body = token ? answerAbout(token, parts.issuer) : { active: false };
  const resourceServer = caller.client_id;
  countQuestion(parts.tally, resourceServer, token);
  await signIfAsked(ctx, resourceServer, parts);
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

function refuse(ctx: Context, status: number, error: ErrorCode, description: string, scope?: string): void {
  ctx.status = status;
  ctx.set(
    'WWW-Authenticate',
    `Bearer realm="introspection", error="${error}"${scope === undefined ? '' : `, scope="${scope}"`}`,
  );
  ctx.body = { error, error_description: description };
}

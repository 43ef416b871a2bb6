import type { Context } from 'koa';

import type { Client } from '../clients/index.ts';
import { proves, readBasic, type LivingToken } from '../introspection/index.ts';
import { networkOf } from '../limits/index.ts';
import type { ErrorCode } from '../oauth/index.ts';
import { bearerCaller, type BearerIntrospectionParts } from './bearer-introspection.ts';
import { noteCaller } from './refusals.ts';

export type CallerParts = Pick<BearerIntrospectionParts, 'issuer' | 'clients' | 'tokens' | 'limits'>;

/** A resource server that has proved who it is, and the token it showed, if that was its proof. */
export interface ResourceServerCaller {
  readonly client: Client;
  readonly token?: LivingToken;
}

/**
 * The resource server that asks, by the same proof as for introspection: its secret, or a backend token. `undefined`: it was
 * refused, and told why. Failures count for the address they come from.
 */
export async function resourceServerOf(
  ctx: Context,
  parts: CallerParts,
): Promise<ResourceServerCaller | undefined> {
  const from = networkOf(ctx.ip);
  const wait = parts.limits.known('failuresPerAddress', from);
  if (wait > 0) {
    ctx.set('Retry-After', String(wait));
    refuse(
      ctx,
      429,
      'temporarily_unavailable',
      `too many failed authentications; try again in ${wait} seconds`,
    );
    return undefined;
  }
  const [, bearer] = /^Bearer (\S+)$/i.exec(ctx.get('Authorization')) ?? [];
  const caller = await (bearer === undefined ? bySecret(ctx, parts) : bearerCaller(ctx, bearer, parts));
  if (!caller && ctx.status === 401) parts.limits.note('failuresPerAddress', from);
  return caller;
}

async function bySecret(ctx: Context, { clients }: CallerParts): Promise<ResourceServerCaller | undefined> {
  const shown = readBasic(ctx.get('Authorization'));
  const client = shown && (await clients.find(shown.clientId));
  if (!shown || !client || !proves(client, shown.secret)) {
    ctx.set('WWW-Authenticate', 'Basic realm="introspection"');
    refuse(ctx, 401, 'invalid_client', 'the credentials of a resource server are required');
    return undefined;
  }
  noteCaller(ctx, client.registration.client_id);
  if (client.registration.rights.includes('introspect')) return { client };
  refuse(ctx, 403, 'unauthorized_client', 'this client has no right to ask about tokens');
  return undefined;
}

function refuse(ctx: Context, status: number, error: ErrorCode, description: string): void {
  ctx.status = status;
  ctx.body = { error, error_description: description };
}

import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Middleware } from 'koa';

import type { AuditEvent } from '../audit/index.ts';
import { noteApp } from './apps-to-tell.ts';
import { recordLater } from './audit-waits.ts';
import { isAboutAssertion } from './events.ts';
import { contextOnTheWire, endOfGrant } from './granted-context.ts';
import { signIfAsked } from './introspection-jwt.ts';
import { createIssuing, subjectOf } from './issuing.ts';
import type { ProviderParts } from './parts.ts';

const UNIT_OF_WORK_PATHS: ReadonlyMap<string, Parameters<ProviderParts['requestUnitOfWork']>[0]> = new Map([
  ['/token', 'token'],
  ['/revoke', 'revocation'],
  ['/introspect', 'introspection'],
]);

/**
 * Wraps token, revocation and introspection: one unit of work each, written before the answer leaves; the launch context
 * beside the access token; and an audit record only of what was really written.
 */
export function tokenEndpoints(parts: ProviderParts): Middleware {
  return async function tokenEndpointsMiddleware(ctx, next) {
    const purpose = ctx.method === 'POST' ? UNIT_OF_WORK_PATHS.get(ctx.path) : undefined;
    if (purpose === undefined) {
      await next();
      return;
    }
    await parts.requestUnitOfWork(purpose, async (commit) => {
      await next();
      // Without it the request was answered before the provider saw it: too long, for example.
      if (!('oidc' in ctx)) return;
      const oidcCtx = ctx as unknown as KoaContextWithOIDC;
      treatJwtAsUnknown(oidcCtx);
      askForProof(oidcCtx);
      callItInvalidClient(oidcCtx);
      if (ctx.status === 200) await prepare(oidcCtx, parts);
      const succeeded = ctx.status === 200;
      const issuing = createIssuing(oidcCtx, parts);
      const request = succeeded ? 'succeeded' : 'refused';
      const { outcome, again } = await issuing.settle(
        commit(request, JSON.stringify(ctx.body), issuing.announce),
        succeeded,
      );
      if (again !== undefined) ctx.body = JSON.parse(again) as object;
      // What somebody else has revoked meanwhile is revoked: for revocation that is success (RFC 7009 §2.2).
      if (succeeded && outcome !== 'committed' && oidcCtx.oidc.route === 'token')
        refuse(oidcCtx, outcome === 'lost' ? 'it was redeemed already' : 'the authorization was revoked');
      tell(oidcCtx, parts, succeeded ? outcome : 'refused', again !== undefined);
      await answerAsJwt(oidcCtx, parts);
    });
  };
}

async function prepare(ctx: KoaContextWithOIDC, parts: ProviderParts): Promise<void> {
  const { clock, config } = parts;
  const { route, entities, params, client } = ctx.oidc;
  const grant = entities.Grant;
  if (route === 'introspection') refusePublicCaller(ctx);
  if (route === 'introspection' && !client?.rights?.includes('introspect')) hideGrantRef(ctx);
  refuseTwoMethods(ctx);
  if (ctx.status !== 200 || route !== 'token' || !grant?.smart) return;
  if (!(await noteApp(ctx, parts))) {
    refuseSignedOut(ctx, parts);
    return;
  }
  ctx.body = { ...(ctx.body as object), ...contextOnTheWire(grant.smart, config) };
  if (params?.['grant_type'] === 'refresh_token' && client) {
    // Each refresh gives the grant its whole lifetime again, so that it never ends before its refresh token.
    grant.exp = endOfGrant(grant.smart, clock());
    await grant.save();
  }
}

async function answerAsJwt(ctx: KoaContextWithOIDC, parts: ProviderParts): Promise<void> {
  const { route, client } = ctx.oidc;
  if (route !== 'introspection' || ctx.status !== 200 || !client) return;
  const { signingKeys, config, clock } = parts;
  await signIfAsked(ctx, client.clientId, { issuer: config.issuer, signingKeys: () => signingKeys, clock });
}

/** What looks like a JWT and is none is unknown like anything else (INT-06, A186); the provider calls it unsupported. */
function treatJwtAsUnknown(ctx: KoaContextWithOIDC): void {
  const { error } = (ctx.body ?? {}) as { readonly error?: unknown };
  if (error !== 'unsupported_token_type') return;
  ctx.body = ctx.oidc.route === 'introspection' ? { active: false } : '';
  ctx.status = 200;
}

/**
 * Who asks about tokens and shows nothing at all is told what there is to show (INT-07). The challenge has no error code:
 * there was no token that could be invalid (RFC 6750 §3.1). The code in the body is for programs that read every refusal.
 */
function askForProof(ctx: KoaContextWithOIDC): void {
  const { error_description: description } = (ctx.body ?? {}) as { readonly error_description?: string };
  if (ctx.oidc.route !== 'introspection' || !description?.startsWith('no client authentication mechanism'))
    return;
  ctx.status = 401;
  ctx.set('WWW-Authenticate', 'Bearer realm="introspection"');
  ctx.body = {
    error: 'invalid_token',
    error_description: 'a valid access token or client authentication is required',
  };
}

function callItInvalidClient(ctx: KoaContextWithOIDC): void {
  const { error_description: description } = (ctx.body ?? {}) as { readonly error_description?: string };
  if (ctx.status !== 400 || !isAboutAssertion(description)) return;
  ctx.status = 401;
  ctx.body = { ...(ctx.body as object), error: 'invalid_client' };
}

/** The grant's name in the feed of revocations is for resource servers: see introspection/tell.ts. */
function hideGrantRef(ctx: KoaContextWithOIDC): void {
  const { grant_ref: _ref, ...told } = ctx.body as { readonly grant_ref?: unknown };
  ctx.body = told;
}

/** A public client proves nothing, so it may not ask about tokens (attack row A181). */
function refusePublicCaller(ctx: KoaContextWithOIDC): void {
  if (ctx.oidc.client?.clientAuthMethod !== 'none') return;
  ctx.status = 401;
  ctx.body = { error: 'invalid_client', error_description: 'introspection needs an authenticated client' };
}

/** The provider does not look at a secret in the form when another proof is there (TOK-24, attack row A128). */
function refuseTwoMethods(ctx: KoaContextWithOIDC): void {
  const { client_secret: secret, client_assertion: assertion } = ctx.oidc.body ?? {};
  if (secret === undefined || (ctx.get('Authorization') === '' && assertion === undefined)) return;
  ctx.status = 400;
  ctx.body = { error: 'invalid_request', error_description: 'authenticate the client in one way only' };
}

function refuseSignedOut(ctx: KoaContextWithOIDC, { audit, referenceOf }: ProviderParts): void {
  const reason = 'the session has ended';
  refuse(ctx, reason);
  const { clientId = '', accountId = '' } = ctx.oidc.entities.Grant ?? {};
  recordLater(ctx, audit, {
    ...{ type: 'token.refused', outcome: 'refused', grantType: 'authorization_code' },
    ...{ reason: `invalid_grant: ${reason}`, clientId, accountId },
    ...{ reference: referenceOf(ctx), address: ctx.ip },
  });
}

/** Somebody else redeemed it first, the grant was revoked while we worked, or nobody is signed in any more. */
function refuse(ctx: KoaContextWithOIDC, description: string): void {
  ctx.status = 400;
  ctx.body = { error: 'invalid_grant', error_description: description };
}

function tell(
  ctx: KoaContextWithOIDC,
  parts: ProviderParts,
  outcome: 'committed' | 'lost' | 'revoked' | 'refused',
  isRepeated: boolean,
): void {
  const event = isRepeated ? describeRepeated(ctx) : describeOutcome(ctx, parts, outcome);
  const { audit, referenceOf } = parts;
  if (event) recordLater(ctx, audit, { ...event, reference: referenceOf(ctx), address: ctx.ip });
}

/** Nothing was issued: the answer of before was given once more. */
function describeRepeated({ oidc: { client, entities } }: KoaContextWithOIDC): AuditEvent {
  const { Grant: grant } = entities;
  return {
    type: 'token.repeated',
    outcome: 'success',
    ...(client ? { clientId: client.clientId } : {}),
    ...(grant ? { grantId: grant.jti, accountId: grant.accountId ?? '' } : {}),
  };
}

function describeOutcome(
  ctx: KoaContextWithOIDC,
  parts: ProviderParts,
  outcome: 'committed' | 'lost' | 'revoked' | 'refused',
): AuditEvent | undefined {
  const { route, entities, params } = ctx.oidc;
  const token = entities.AccessToken ?? entities.ClientCredentials;
  const subject = subjectOf(ctx);
  if (route === 'token') {
    const grantType = String(params?.['grant_type']);
    if (outcome === 'lost')
      return { type: 'token.reuse', outcome: 'refused', what: 'code-or-refresh-token', ...subject };
    if (outcome === 'revoked') return { type: 'token.refused', outcome: 'refused', grantType, ...subject };
    return undefined;
  }
  if (route === 'introspection' && outcome === 'committed') return describeIntrospection(ctx, parts, subject);
  if (route === 'revocation' && outcome === 'committed' && (token || entities.RefreshToken)) {
    return {
      type: 'token.revoked',
      outcome: 'success',
      what: entities.RefreshToken ? 'grant' : 'token',
      ...subject,
    };
  }
  return undefined;
}

function describeIntrospection(
  ctx: KoaContextWithOIDC,
  { tokenHash }: ProviderParts,
  subject: object,
): AuditEvent {
  const active = (ctx.body as { active?: boolean } | undefined)?.active === true;
  const caller = ctx.oidc.client?.clientId;
  const token = ctx.oidc.entities.AccessToken ?? ctx.oidc.entities.ClientCredentials;
  return {
    type: 'token.introspected',
    outcome: 'success',
    active,
    ...subject,
    ...(token?.clientId === undefined ? {} : { clientId: token.clientId }),
    ...(caller === undefined ? {} : { resourceServer: caller }),
    ...(active ? { tokenHash: tokenHash(String(ctx.oidc.params?.['token'])) } : {}),
  };
}

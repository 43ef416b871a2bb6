import type { KoaContextWithOIDC, Provider, errors } from 'oidc-provider';

import { RIGHT_ENDED } from './accounts.ts';
import { recordLater } from './audit-waits.ts';
import type { ProviderParts } from './parts.ts';

/** Reasons of the provider that hold no value of anybody, and help the developer of an app. */
const TELLING = new Set([
  'authorization code is expired',
  'authorization code not found',
  'authorization code already consumed',
  'authorization code redirect_uri mismatch',
  'client mismatch',
  'grant is expired',
  'grant not found',
  'code_verifier does not match code_challenge',
  'code_verifier must be provided',
  'refresh token already used',
  'refresh token is expired',
  'refresh token not found',
  'the session has ended',
  RIGHT_ENDED,
]);

/** Turns what the provider tells into audit records and log lines, and its terse errors into helpful ones. */
export function auditProviderEvents(
  provider: Provider,
  { audit, referenceOf, onServerError }: ProviderParts,
): void {
  const subject = (ctx: KoaContextWithOIDC) => {
    const { client, session, params } = ctx.oidc;
    const scope = params?.['scope'];
    return {
      reference: referenceOf(ctx),
      address: ctx.ip,
      ...(client ? { clientId: client.clientId } : {}),
      ...(session?.accountId === undefined ? {} : { accountId: session.accountId }),
      ...(typeof scope === 'string' ? { scope } : {}),
    };
  };
  const record = (ctx: KoaContextWithOIDC, event: Parameters<typeof audit.record>[0]): void =>
    recordLater(ctx, audit, event);

  const refusedFor = new WeakMap<KoaContextWithOIDC, readonly errors.OIDCProviderError[]>();
  provider.on('authorization.success', (ctx) => {
    record(ctx, { type: 'authorize', outcome: 'success', ...subject(ctx) });
  });
  provider.on('authorization.error', (ctx, error) => {
    // Where the address is not registered, either, it tells of both mistakes at once, the one it answers with last: one refusal.
    const errors = [error, ...(refusedFor.get(ctx) ?? [])];
    refusedFor.set(ctx, errors);
    if (errors.length > 1) return;
    queueMicrotask(() => {
      const all = refusedFor.get(ctx) ?? errors;
      const outcome = all[0]?.error === 'access_denied' ? 'denied' : 'refused';
      record(ctx, { type: 'authorize', outcome, reason: all.map(inWords).join('; '), ...subject(ctx) });
    });
  });
  provider.on('grant.error', (ctx, error) => {
    explain(ctx, error);
    const grantType = ctx.oidc.params?.['grant_type'];
    record(ctx, {
      type: 'token.refused',
      outcome: 'refused',
      reason: [toldCode(ctx) ?? error.error, error.error_detail ?? error.error_description]
        .filter(Boolean)
        .join(': '),
      ...(typeof grantType === 'string' ? { grantType } : {}),
      ...subject(ctx),
    });
  });
  provider.on('grant.revoked', (ctx, grantId) => {
    // At the token endpoint nothing revokes but a code or refresh token that came a second time.
    if (ctx.oidc.route !== 'token') return;
    record(ctx, {
      type: 'token.reuse',
      outcome: 'refused',
      what: 'code-or-refresh-token',
      grantId,
      ...subject(ctx),
    });
  });
  provider.on('end_session.success', (ctx) => {
    record(ctx, { type: 'sign-out', outcome: 'success', ...subject(ctx) });
  });
  const signOutRefused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    const reason = [error.error, error.error_description].filter(Boolean).join(': ');
    record(ctx, { type: 'sign-out', outcome: 'refused', reason, ...subject(ctx) });
  };
  provider.on('end_session.error', signOutRefused);
  provider.on('end_session_confirm.error', signOutRefused);
  provider.on('server_error', (ctx, error) => onServerError(ctx, error));
}

function inWords({ error, error_description: said, error_detail: detail }: errors.OIDCProviderError): string {
  return [error, said, detail].filter(Boolean).join(': ');
}

/** The account is asked for with each token: see accounts.ts. */
const NOBODY = 'the person has signed out (online_access), or the account is disabled';

/** What was wrong with an assertion, in our words and in the provider's. None repeats what was sent. */
const TELLING_OF_ASSERTIONS =
  /^the assertion |^the client key set |^no applicable key found|^client assertion |in the client_assertion JWT$|^iss \(|audience \(aud\)|^jwt |^invalid (exp|iat|nbf|jti|iss|aud|sub) value$/;

/** Whatever is wrong with an assertion is wrong with the client (CLI-18); the provider calls some of it the request. */
export function isAboutAssertion(description: string | undefined): boolean {
  return /^(invalid )?client_assertion(_type)? /.test(description ?? '');
}

/** What the client is told, which may be better than what the provider has. */
function toldCode({ body }: { readonly body?: unknown }): string | undefined {
  return (body as { readonly error?: string } | undefined)?.error;
}

function explain(
  ctx: KoaContextWithOIDC,
  { error_description, error_detail: detail }: errors.OIDCProviderError,
): void {
  const body: unknown = ctx.body;
  if (typeof body !== 'object' || body === null) return;
  // RFC 6749 §5.2 has a code of its own for this.
  if (error_description?.startsWith('requested grant type is not allowed')) {
    Object.assign(body, { error: 'unauthorized_client' });
  }
  if (isAboutAssertion(error_description)) Object.assign(body, { error: 'invalid_client' });
  if (detail === undefined) return;
  if (detail.includes('referenced account not found')) {
    Object.assign(body, { error_description: NOBODY });
    return;
  }
  const [known] = [...TELLING].filter((reason) => detail.startsWith(reason));
  if (known !== undefined || TELLING_OF_ASSERTIONS.test(detail)) {
    Object.assign(body, { error_description: known ?? detail });
  }
}

import {
  errors,
  type AuthorizationCode,
  type KoaContextWithOIDC,
  type Provider,
  type Session,
} from 'oidc-provider';

/** A code or token of a person who has signed in. */
export interface SessionBound {
  readonly accountId?: string | undefined;
  readonly scope?: string | undefined;
  readonly sessionUid?: string | undefined;
}

/** `online_access` is good as long as the person is signed in (REF-14); beside `offline_access` it says nothing (REF-17). */
export function endsWithSession({ scope = '' }: SessionBound): boolean {
  const scopes = scope.split(' ');
  return scopes.includes('online_access') && !scopes.includes('offline_access');
}

/** The session something belongs to; `undefined` when that has ended, or is another person's by now. */
export async function sessionOf(
  { Session: sessions }: Pick<Provider, 'Session'>,
  { accountId, sessionUid }: SessionBound,
): Promise<Session | undefined> {
  const session = sessionUid === undefined ? undefined : await sessions.findByUid(sessionUid);
  return session?.accountId === accountId && session?.isExpired === false ? session : undefined;
}

/**
 * Writes with the grant which session it ends with, before its code is made. The provider has a rule of its own for this,
 * which is never used: it knows one grant of each app in a session, and would end a launch when the app is launched again.
 */
export async function rememberSession(ctx: KoaContextWithOIDC, code: object): Promise<false> {
  const { Grant: grant } = ctx.oidc.entities;
  const { sessionUid, ...bound } = code as SessionBound & Pick<AuthorizationCode, 'grantId'>;
  if (!grant?.smart || sessionUid === undefined || !endsWithSession(bound)) return false;
  grant.smart = { ...grant.smart, sessionUid };
  await grant.save();
  return false;
}

/**
 * How long the session of what is redeemed still lasts; `undefined` for what does not end with one. Then its access token
 * says itself when it ends, and nobody has to ask about the session.
 */
export async function secondsOfSession(
  { oidc }: KoaContextWithOIDC,
  now: number,
): Promise<number | undefined> {
  const { RefreshToken: token, AuthorizationCode: code } = oidc.entities;
  const redeemed: SessionBound | undefined = token ?? code;
  if (!redeemed || !endsWithSession(redeemed)) return undefined;
  const session = await sessionOf(oidc.provider, redeemed);
  if (!session) throw new errors.InvalidGrant('the session has ended');
  return session.exp - now;
}

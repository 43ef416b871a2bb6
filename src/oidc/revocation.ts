import { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider';

/**
 * A client may revoke its own tokens only, and is told so (RFC 7009 §2.1, REV-03): silence would look like success, to
 * the caller and in the audit trail.
 */
export async function mayRevoke(
  _ctx: KoaContextWithOIDC,
  caller: Client,
  token: { readonly clientId?: string | undefined },
): Promise<boolean> {
  if (token.clientId === caller.clientId) return true;
  throw new errors.InvalidRequest('the token was issued to another client');
}

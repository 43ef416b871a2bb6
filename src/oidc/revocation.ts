import { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider';

/**
 * A client may revoke its own tokens only, and is told so (RFC 7009 §2.1, REV-03): silence would look like success, to
 * the caller and in the audit trail. What it ends is looked at while it is there, for its record: whose access it was, and to
 * whose records.
 */
export async function mayRevoke(
  ctx: KoaContextWithOIDC,
  caller: Client,
  token: { readonly clientId?: string | undefined; readonly grantId?: string | undefined },
): Promise<boolean> {
  if (token.clientId === caller.clientId) {
    const { grantId } = token;
    const grant =
      grantId === undefined ? undefined : await ctx.oidc.provider.Grant.find(grantId).catch(() => undefined);
    if (grant) ctx.oidc.entity('Grant', grant);
    return true;
  }
  throw new errors.InvalidRequest('the token was issued to another client');
}

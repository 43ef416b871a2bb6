import type { KoaContextWithOIDC } from 'oidc-provider';

import type { AuditEvent } from '../audit/index.ts';
import type { CommitRequest, ProviderParts } from './parts.ts';

export interface Issuing {
  readonly announce: () => Promise<void>;
  /** Says so where nothing came of what was announced; announces what the store did not have to be told. */
  settle(committed: ReturnType<CommitRequest>, succeeded: boolean): ReturnType<CommitRequest>;
}

/**
 * Has the record of a token on disk before the token is made (SEC-4): no record, no token, and nothing is redeemed. A process
 * that dies between the two leaves a record of a token that nobody got, never a token without a record.
 */
export function createIssuing(ctx: KoaContextWithOIDC, parts: ProviderParts): Issuing {
  const { audit, referenceOf } = parts;
  let announced: Extract<AuditEvent, { type: 'token.issued' }> | undefined;
  const withdraw = async (reason: string): Promise<void> => {
    if (announced) await audit.record({ ...announced, type: 'token.withdrawn', outcome: 'failure', reason });
  };
  const announce = async (): Promise<void> => {
    if (ctx.oidc.route !== 'token') return;
    const event = { ...describeIssued(ctx, parts), reference: referenceOf(ctx), address: ctx.ip };
    await audit.record(event);
    announced = event;
  };
  return {
    announce,
    async settle(committed, succeeded) {
      const result = await committed.catch(async (error: unknown) => {
        await withdraw('the store could not keep it');
        throw error;
      });
      if (result.again !== undefined) await withdraw('the answer of before was given once more');
      else if (result.outcome === 'lost') await withdraw('it was redeemed already');
      else if (result.outcome === 'revoked') await withdraw('the authorization was revoked');
      // A JWT for no grant lies in no store.
      else if (succeeded && !announced) await announce();
      return result;
    },
  };
}

function describeIssued(
  ctx: KoaContextWithOIDC,
  { tokenHash }: ProviderParts,
): Extract<AuditEvent, { type: 'token.issued' }> {
  const { access_token: text } = (ctx.body ?? {}) as { readonly access_token?: string };
  return {
    ...{ type: 'token.issued', outcome: 'success', grantType: String(ctx.oidc.params?.['grant_type']) },
    ...subjectOf(ctx),
    ...(text === undefined ? {} : { tokenHash: tokenHash(text) }),
  };
}

/** Who was given what, and over whose record. */
export function subjectOf({ oidc: { entities, client } }: KoaContextWithOIDC) {
  const token = entities.AccessToken ?? entities.ClientCredentials;
  const grant = entities.Grant;
  const scope = token?.scope ?? entities.RefreshToken?.scope;
  const fhirServer = typeof token?.aud === 'string' ? token.aud : grant?.smart?.fhirBaseUrl;
  return {
    ...(client ? { clientId: client.clientId } : {}),
    ...(grant ? { grantId: grant.jti, accountId: grant.accountId ?? '' } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(grant?.smart?.context.patient === undefined ? {} : { patient: grant.smart.context.patient }),
    ...(fhirServer === undefined ? {} : { fhirServer }),
  };
}

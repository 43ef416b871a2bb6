import {
  errors,
  type Account as ProviderAccount,
  type FindAccount,
  type KoaContextWithOIDC,
} from 'oidc-provider';

import type { Account } from '../identity/index.ts';
import { endsWithSession, sessionOf } from './online-access.ts';
import type { ProviderParts } from './parts.ts';

type AccountParts = Pick<ProviderParts, 'findAccount' | 'mayStillAct' | 'audit' | 'referenceOf'>;

/** For the developer of an app: it names nobody. */
export const RIGHT_ENDED = 'the person may no longer act for this patient';

/**
 * The account a token request acts for. A disabled account is nobody (REF-20); an `online_access` token whose sign-in
 * session has ended is nobody's (REF-14); who acts for a patient has to have that right still (attack row A095).
 */
export function findAccount(parts: AccountParts): FindAccount {
  return async (ctx, id, token) => {
    const account = await parts.findAccount(id);
    if (!account || account.disabled) return undefined;
    const isRefresh = token?.kind === 'RefreshToken';
    if (isRefresh && endsWithSession(token) && !(await sessionOf(ctx.oidc.provider, token))) return undefined;
    if (isRefresh) await refuseWithoutRight(ctx, account, parts);
    return asProviderAccount(ctx, account);
  };
}

/** What a RelatedPerson was granted ends when the FHIR server does not say any more that they act for the patient. */
async function refuseWithoutRight(
  ctx: KoaContextWithOIDC,
  account: Account,
  { mayStillAct, audit, referenceOf }: AccountParts,
): Promise<void> {
  const { Grant: grant } = ctx.oidc.entities;
  const { smart } = grant ?? {};
  const { patient } = smart?.context ?? {};
  if (!grant || smart?.actsAs === undefined || patient === undefined) return;
  if (await mayStillAct(account, { fhirBaseUrl: smart.fhirBaseUrl, patient, grantId: grant.jti })) return;
  await grant.destroy();
  await audit.record({
    type: 'token.revoked',
    outcome: 'success',
    what: 'grant',
    reason: 'acts-for-nobody',
    ...{ reference: referenceOf(ctx), address: ctx.ip, accountId: account.accountId, grantId: grant.jti },
    ...{ fhirServer: smart.fhirBaseUrl, patient },
    ...(grant.clientId === undefined ? {} : { clientId: grant.clientId }),
  });
  throw new errors.InvalidGrant(RIGHT_ENDED);
}

function asProviderAccount(ctx: KoaContextWithOIDC, account: Account): ProviderAccount {
  return {
    accountId: account.accountId,
    claims: async () => {
      const fhirUser = ctx.oidc.entities.Grant?.smart?.fhirUser;
      return { sub: account.accountId, name: account.name, ...(fhirUser === undefined ? {} : { fhirUser }) };
    },
  };
}

import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import type { Language } from '../language/index.ts';
import type { MyAppsParts } from './parts.ts';
import type { Person } from './person.ts';

/** What others allowed for somebody who is a patient here; what a clinician's app reads is no such thing. */
export async function grantsByOthers(
  { accountId, fhirUser }: Account,
  parts: Pick<MyAppsParts, 'grantsFor'>,
): Promise<readonly GrantSummary[]> {
  const all = fhirUser === undefined ? [] : await parts.grantsFor(fhirUser);
  return all.filter((grant) => grant.accountId !== accountId && `Patient/${grant.patient}` === fhirUser);
}

/** Whose records a grant is about; `undefined`: nobody's in particular. */
export async function patientNameOf(
  { patient, fhirBaseUrl }: GrantSummary,
  parts: MyAppsParts,
  { say }: Language,
): Promise<string | undefined> {
  if (patient === undefined) return undefined;
  return (await parts.patientName(fhirBaseUrl, patient)) ?? say('my-apps.nameless');
}

export function serverNameOf(
  { fhirBaseUrl }: GrantSummary,
  { config }: MyAppsParts,
  { say }: Language,
): string {
  return config.fhirServers.find(({ url }) => url === fhirBaseUrl)?.name ?? say('my-apps.no-server');
}

/** Who did something to which grant, for the audit trail. */
export function whatChanged(
  ctx: Context,
  { account: { accountId } }: Person,
  { grantId, clientId, patient, fhirBaseUrl: fhirServer, reference: consent }: GrantSummary,
  { referenceOf }: MyAppsParts,
) {
  const seen = { reference: referenceOf(ctx), address: ctx.ip };
  return {
    ...{ ...seen, accountId, grantId, clientId, fhirServer, consent },
    ...(patient === undefined ? {} : { patient }),
  };
}

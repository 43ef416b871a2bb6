import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import type { MyAppsParts } from './parts.ts';
import type { Person } from './person.ts';

const NO_NAME = 'One patient, whose name cannot be shown right now';
const NO_SERVER = 'A health record system that is no longer used here';

/** Whose records a grant is about; `undefined`: nobody's in particular. */
export async function patientNameOf(
  { patient, fhirBaseUrl }: GrantSummary,
  parts: MyAppsParts,
): Promise<string | undefined> {
  if (patient === undefined) return undefined;
  return (await parts.patientName(fhirBaseUrl, patient)) ?? NO_NAME;
}

export function serverNameOf({ fhirBaseUrl }: GrantSummary, { config }: MyAppsParts): string {
  return config.fhirServers.find(({ url }) => url === fhirBaseUrl)?.name ?? NO_SERVER;
}

/** Who did something to which grant, for the audit trail. */
export function whatChanged(
  ctx: Context,
  { account: { accountId } }: Person,
  { grantId, clientId, patient, fhirBaseUrl: fhirServer }: GrantSummary,
  { referenceOf }: MyAppsParts,
) {
  const seen = { reference: referenceOf(ctx), address: ctx.ip };
  return {
    ...{ ...seen, accountId, grantId, clientId, fhirServer },
    ...(patient === undefined ? {} : { patient }),
  };
}

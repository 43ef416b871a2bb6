import type { Config } from './config/index.ts';
import type { FhirDirectory } from './fhir/index.ts';
import { patientsWithin, type Account } from './identity/index.ts';
import type { Clock } from './oauth/index.ts';
import { standingsOf, type Standing } from './representation/index.ts';

export interface Representation {
  /**
   * Whom somebody may act for at this FHIR server, as it says at this moment.
   *
   * @throws when the FHIR server cannot be asked
   */
  readonly standings: (account: Account, fhirBaseUrl: string) => Promise<readonly Standing[]>;
  /** @throws when the FHIR server cannot be asked */
  readonly mayStillAct: (
    account: Account,
    about: { readonly fhirBaseUrl: string; readonly patient: string },
  ) => Promise<boolean>;
}

/** Joins the rules for representatives with the FHIR servers that name them. Part of the composition root: see app.ts. */
export function composeRepresentation(
  { fhirServers }: Pick<Config, 'fhirServers'>,
  directory: (fhirBaseUrl: string) => FhirDirectory,
  clock: Clock,
): Representation {
  const standings: Representation['standings'] = async ({ role, fhirUser }, fhirBaseUrl) => {
    const rules = fhirServers.find(({ url }) => url === fhirBaseUrl)?.representatives;
    if (!rules || fhirUser === undefined || role === 'practitioner') return [];
    return standingsOf(fhirUser, directory(fhirBaseUrl), rules, clock());
  };
  return {
    standings,
    async mayStillAct(account, { fhirBaseUrl, patient }) {
      const actsFor = (await standings(account, fhirBaseUrl)).map((one) => one.patient.id);
      return patientsWithin(account, actsFor)?.includes(patient) ?? true;
    },
  };
}

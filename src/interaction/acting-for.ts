import type { Account } from '../identity/index.ts';
import { languageOf, type Language } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import type { Standing } from '../representation/index.ts';
import { needsPatient } from '../smart/index.ts';
import type { InteractionParts } from './parts.ts';
import { offerOf, patientOf, patientsOf, type Visit } from './visit.ts';

const DAY = 86_400;

/** The visit with whom its person may act for, where anybody's record is asked for. */
export async function withStandings(visit: Visit, parts: InteractionParts): Promise<Visit> {
  const { account, needed, progress, fhirServer, launch } = visit;
  if (!account || needed.need !== 'nothing' || progress.finishedAt !== undefined) return visit;
  if (!needsPatient(offerOf(visit, account).granted) && launch?.context.patient === undefined) return visit;
  try {
    return { ...visit, standings: await parts.standings(account, fhirServer.url) };
  } catch (error) {
    // The own record can be shared without asking anybody; what was chosen for somebody else waits.
    const isAboutOthers = (launch?.context.patient ?? progress.patient?.id) !== undefined;
    if (account.role !== 'patient' || isAboutOthers) throw error;
    parts.log.warn({ err: error }, 'the FHIR server did not tell whom somebody acts for');
    return visit;
  }
}

export function maySee(visit: Visit, account: Account, patient: string): boolean {
  return patientsOf(visit, account)?.includes(patient) ?? true;
}

/** By which right somebody acts in this visit; `undefined`: it is about themselves, or they are a clinician. */
export function standingIn(visit: Visit, account: Account): Standing | undefined {
  const patient = patientOf(visit, account);
  return visit.standings.find((one) => one.patient.id === patient);
}

export function standingInWords({ basis, until }: Standing, { say, date }: Language): string {
  const right = say(`acting-for.${basis}`);
  return until === undefined ? right : say('acting-for.until', { right, date: date(until - 1) });
}

/** The right of the visit's person, as the consent screen says it. */
export function actsAsIn(visit: Visit, account: Account): { readonly actsAs?: string } {
  const standing = standingIn(visit, account);
  return standing ? { actsAs: standingInWords(standing, languageOf(visit.ctx)) } : {};
}

/** The longest an app may be allowed access, in whole days: its own limit, and until the right to allow it ends. */
export function mostDaysOf(visit: Visit, account: Account, now: EpochSeconds): number | undefined {
  const { max_access_days: most = Infinity } = visit.client;
  const { until = Infinity } = standingIn(visit, account) ?? {};
  const days = Math.min(most, Math.max(1, Math.floor((until - now) / DAY)));
  return days === Infinity ? undefined : days;
}

/** No access outlasts the right of who allowed it. */
export function endWithin(
  visit: Visit,
  account: Account,
  endsAt: EpochSeconds | undefined,
): EpochSeconds | undefined {
  const { until = Infinity } = standingIn(visit, account) ?? {};
  const end = Math.min(endsAt ?? Infinity, until);
  return end === Infinity ? undefined : end;
}

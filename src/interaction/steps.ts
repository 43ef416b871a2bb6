import type { Account, Second } from '../identity/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import { needsEncounter, needsPatient } from '../smart/index.ts';
import { maySee } from './acting-for.ts';
import { isAskedForReason, isEmergency, mayBreakGlass } from './emergency.ts';
import { agreementFor, type Agreement } from './agreements.ts';
import type { RefusalReason } from './refusals.ts';
import { offerOf, patientOf, patientsOf, type Visit } from './visit.ts';

export type Step =
  | { readonly name: 'login' }
  | { readonly name: 'second'; readonly account: Account; readonly of: readonly Second[] }
  | { readonly name: 'enrol'; readonly account: Account }
  | { readonly name: 'patient'; readonly account: Account }
  | { readonly name: 'encounter'; readonly account: Account; readonly patient: string }
  | { readonly name: 'emergency'; readonly account: Account }
  | { readonly name: 'consent'; readonly account: Account }
  | { readonly name: 'agreed'; readonly account: Account; readonly agreement: Agreement }
  | { readonly name: 'done'; readonly url: string }
  | { readonly name: 'refused'; readonly account: Account; readonly reason: RefusalReason };

/** The one place that says which screen comes next. Forms cannot skip ahead: it is asked before each is obeyed. */
export function nextStep(visit: Visit, now: EpochSeconds): Step {
  const { account, progress, launch, needed } = visit;
  if (progress.finishedAt !== undefined) return { name: 'done', url: progress.finishedAt };
  if (!account || needed.need === 'first') return { name: 'login' };
  if (needed.need === 'second') return { name: 'second', account, of: needed.of };
  if (needed.need === 'enrol') return { name: 'enrol', account };
  const reason = refusalOf(visit, account);
  if (reason) return { name: 'refused', account, reason };

  if (isAskedForReason(visit)) return { name: 'emergency', account };
  const { granted } = offerOf(visit, account);
  const patient = patientOf(visit, account);
  if (patient === undefined && needsPatient(granted)) return { name: 'patient', account };
  const encounter = launch?.context.encounter ?? progress.encounter?.id;
  if (patient !== undefined && encounter === undefined && needsEncounter(granted)) {
    return { name: 'encounter', account, patient };
  }
  const agreement = agreementFor(visit, account, now);
  return agreement ? { name: 'agreed', account, agreement } : { name: 'consent', account };
}

/**
 * Another user than the one at the EHR's screen never gets that launch: the record might be the wrong one (LCH-07). And an
 * app that asks for one person by `id_token_hint` would take whoever signed in for them (attack row A053).
 */
function refusalOf(visit: Visit, account: Account): RefusalReason | undefined {
  const { launch, pending } = visit;
  if ((pending.hintedAccount ?? account.accountId) !== account.accountId) return 'other-account';
  if (launch?.fhirUser !== undefined && launch.fhirUser !== account.fhirUser) return 'other-user';
  const patient = patientOf(visit, account);
  if (patient !== undefined && !maySee(visit, account, patient)) return 'other-patient';
  if (isEmergency(visit) && !mayBreakGlass(visit, account)) return 'no-emergency';
  const { granted } = offerOf(visit, account);
  if (granted.length === 0) return 'nothing-to-offer';
  return needsPatient(granted) && patientsOf(visit, account)?.length === 0 ? 'acts-for-nobody' : undefined;
}

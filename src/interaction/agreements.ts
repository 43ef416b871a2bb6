import {
  endOf,
  lastAbout,
  leftAfter,
  recall,
  withDecision,
  type OfferGroup,
  type RememberedDecision,
} from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import { decideGrant, isResourceScope, sensitiveKindOf, type Scope } from '../smart/index.ts';
import { endWithin } from './acting-for.ts';
import { chosenDuration } from './access-time.ts';
import { patientInWords } from './choose-steps.ts';
import { giveAccess } from './give-access.ts';
import type { InteractionParts } from './parts.ts';
import { showRefusal } from './refusals.ts';
import { offerOf, patientConcerned, type Visit } from './visit.ts';

/** Why a person need not be asked. */
export type Agreement =
  { readonly basis: 'skipped' } | { readonly basis: 'remembered'; readonly decision: RememberedDecision };

/** May an app go on without asking, by its registration and what was decided before? */
export function agreementFor(visit: Visit, account: Account, now: EpochSeconds): Agreement | undefined {
  const { client, pending, remembered = [] } = visit;
  if (visit.progress.emergency?.state === 'told') return undefined;
  if (pending.asksConsent || client.token_endpoint_auth_method === 'none') return undefined;
  if (client.consent === 'skip') return { basis: 'skipped' };
  if (client.consent !== 'remember') return undefined;
  const { granted } = offerOf(visit, account);
  const about = { ...recordOf(visit, account, granted), offer: granted, mostDays: client.max_access_days };
  const decision = recall(remembered, about, now);
  return decision && { basis: 'remembered', decision };
}

/** Gives an app what was agreed to; where the browser goes on, or `shown` when a page says why it does not. */
export async function takeAgreement(
  visit: Visit,
  account: Account,
  agreement: Agreement,
  parts: InteractionParts,
): Promise<string> {
  const offer = offerOf(visit, account);
  const { patient } = recordOf(visit, account, offer.granted);
  if (patient !== undefined && !(await patientInWords(visit, patient, parts))) {
    await showRefusal(visit, account, 'unknown-patient', parts);
    return 'shown';
  }
  const kept =
    agreement.basis === 'remembered'
      ? agreement.decision.kept.split(' ')
      : offer.granted.flatMap(({ text }) => (sensitiveKindOf(text) === undefined ? text : []));
  const { granted, dropped } = decideGrant(offer.granted, new Set(kept));
  const chosen =
    agreement.basis === 'remembered'
      ? agreement.decision.endsAt
      : endOf(chosenDuration(visit, account, granted, new Map(), parts) ?? {}, parts.clock());
  const endsAt = endWithin(visit, account, chosen);
  const given = { granted, dropped: [...offer.dropped, ...dropped], endsAt, basis: agreement.basis };
  return (await giveAccess(visit, account, given, parts)).url;
}

/** What somebody decided last about this app and record, where they are asked again. */
export function lastDecision(visit: Visit, account: Account): RememberedDecision | undefined {
  const { granted } = offerOf(visit, account);
  return lastAbout(visit.remembered ?? [], recordOf(visit, account, granted));
}

/** Notes what a person decided: not to be asked twice, where the registration says so, or to begin with the next time. */
export async function rememberDecision(
  visit: Visit,
  account: Account,
  decided: {
    readonly offered: readonly Scope[];
    readonly granted: readonly Scope[];
    readonly endsAt: EpochSeconds | undefined;
    readonly groups: readonly OfferGroup[];
    readonly ticked: ReadonlySet<string>;
  },
  { memory, clock, log }: InteractionParts,
): Promise<void> {
  const { client, reference } = visit;
  const { offered, granted, endsAt, groups, ticked } = decided;
  const { fhirBaseUrl, patient } = recordOf(visit, account, offered);
  const holds = client.consent === 'remember' && granted.some(isResourceScope);
  try {
    const known = await memory.of(account.accountId, client.client_id);
    const added = {
      ...{ fhirBaseUrl, offered, kept: granted, decidedAt: clock() },
      left: leftAfter(groups, ticked, lastAbout(known, { fhirBaseUrl, patient })?.left),
      ...(patient === undefined ? {} : { patient }),
      ...(endsAt === undefined ? {} : { endsAt }),
      ...(holds ? {} : ({ asksAgain: true } as const)),
    };
    await memory.save(account.accountId, client.client_id, withDecision(known, added));
  } catch (error) {
    // The grant stands; they will be asked once more.
    log.warn({ err: error, reference }, 'a decision could not be remembered');
  }
}

/** Which record of which server it is about. */
function recordOf(visit: Visit, account: Account, offer: readonly Scope[]) {
  return { fhirBaseUrl: visit.fhirServer.url, patient: patientConcerned(visit, account, offer) };
}

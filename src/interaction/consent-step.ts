import { asLeft, describeOffer, endOf, wholeAndPart } from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import { SHOWN, shownPage, type ShownPage } from '../records/index.ts';
import { BREAK_GLASS, askedAbout, decideGrant, type Scope } from '../smart/index.ts';
import { actsAsIn, endWithin } from './acting-for.ts';
import { accessInWords, chosenDuration, tickedScopes } from './access-time.ts';
import { appView } from './app-view.ts';
import { patientInWords } from './choose-steps.ts';
import { decisionOf, isKept, patientOn } from './decision-record.ts';
import { formOf } from './forms.ts';
import { contextFor, giveAccess, lifetimeOf } from './give-access.ts';
import type { InteractionParts } from './parts.ts';
import { lastDecision, rememberDecision } from './agreements.ts';
import { askForEmergency, emergencyEnd, emergencyIn, isEmergency, mayBreakGlass } from './emergency.ts';
import { showRefusal } from './refusals.ts';
import { offerOf, patientConcerned, type Visit } from './visit.ts';

export async function showConsent(
  visit: Visit,
  account: Account,
  parts: InteractionParts,
  error?: string,
): Promise<void> {
  const page = await consentPage(visit, account, parts);
  if (!page) return showRefusal(visit, account, 'unknown-patient', parts);
  const data = {
    ...page.data,
    form: { ...formOf(visit, 'consent'), hidden: [{ name: SHOWN, value: page.digest }] },
    ...(error === undefined ? {} : { error }),
  };
  parts.pages.render(visit.ctx, 'consent', data, error === undefined ? 200 : 422);
}

/** What the person reads; `undefined` when the record system does not know the patient. */
export async function consentPage(
  visit: Visit,
  account: Account,
  parts: InteractionParts,
): Promise<ShownPage | undefined> {
  const { granted } = offerOf(visit, account);
  const id = patientConcerned(visit, account, granted);
  const patient = id === undefined ? undefined : await patientInWords(visit, id, parts);
  if (id !== undefined && !patient) return undefined;
  const data = {
    app: appView(visit),
    user: { name: account.name },
    ...(patient ? { patient: { ...patient, ...actsAsIn(visit, account) } } : {}),
    fhirServer: { name: visit.fhirServer.name, host: new URL(visit.fhirServer.url).host },
    ...groupsFor(visit, account, granted),
    ...emergencyIn(visit, account),
    stopAt: parts.config.issuer.replace(/^https?:\/\//, '') + parts.myAppsPath,
    access: accessInWords(granted, visit, account, parts),
  };
  const form = { action: `/interaction/${visit.pending.uid}`, step: 'consent' };
  const html = parts.pages.text(visit.ctx, 'consent', { ...data, form });
  return shownPage(data, html, languageOf(visit.ctx).tag);
}

/** In an emergency all of it is asked for, whatever was left out before. */
function groupsFor(visit: Visit, account: Account, granted: readonly Scope[]) {
  const language = languageOf(visit.ctx);
  const asked = describeOffer(askedAbout(granted).filter(isQuestion), language);
  const last = isEmergency(visit) ? undefined : lastDecision(visit, account);
  const { groups, isLeft } = asLeft(asked, last?.left);
  return { groups, ...(isLeft ? { leftOut: true } : {}) };
}

/** Grants what was ticked, within what was offered; returns where the browser goes on, or `shown` to ask again. */
export async function takeConsent(
  visit: Visit,
  account: Account,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<string> {
  if (fields.has('emergency') && mayBreakGlass(visit, account)) return askForEmergency(visit, parts);
  const { say } = languageOf(visit.ctx);
  const offer = offerOf(visit, account);
  const groups = describeOffer(askedAbout(offer.granted), languageOf(visit.ctx));
  const ticked = tickedScopes(fields);
  const both = wholeAndPart(groups, ticked);
  if (both !== undefined) {
    await showConsent(visit, account, parts, say('consent.whole-and-part', { label: both }));
    return 'shown';
  }
  const { granted, dropped } = decideGrant(offer.granted, approvedIn(visit, fields));
  if (!granted.some(isQuestion)) {
    await showConsent(visit, account, parts, say('consent.tick-one'));
    return 'shown';
  }
  const duration = chosenDuration(visit, account, granted, fields, parts);
  if (!duration) {
    await showConsent(visit, account, parts, say('consent.choose-duration'));
    return 'shown';
  }
  const page = await consentPage(visit, account, parts);
  if (!page || fields.get(SHOWN)?.[0] !== page.digest) {
    // What is decided is what was read: another name, date or word is another page.
    await showConsent(visit, account, parts, say('page.changed'));
    return 'shown';
  }
  const endsAt = endWithin(
    visit,
    account,
    emergencyEnd(visit, parts.clock()) ?? endOf(duration, parts.clock()),
  );
  const { patient } = contextFor(visit, account, granted, parts);
  const decision = decisionOf('granted', visit, account, {
    kept: granted.map(({ text }) => text),
    refused: dropped.map((one) => one.scope),
    ...(patient === undefined ? {} : { patient: patientOn(page, patient) }),
    ...untilOf(granted, endsAt, parts),
    page,
  });
  if (!(await isKept(decision, visit, parts))) return 'shown';
  const isGiven = { granted, dropped: [...offer.dropped, ...dropped], endsAt, basis: 'asked' } as const;
  const undo = (): Promise<void> => parts.records.keepIfPossible({ ...decision, kind: 'withdrawn' });
  const outcome = await giveAccess(visit, account, isGiven, parts).catch(async (error: unknown) => {
    await undo();
    throw error;
  });
  if (!outcome.given) await undo();
  else if (!isEmergency(visit))
    await rememberDecision(
      visit,
      account,
      { offered: offer.granted, granted, endsAt, groups, ticked },
      parts,
    );
  return outcome.url;
}

/** What was ticked; what an emergency opens is no box, it is what was asked for. */
function approvedIn(visit: Visit, fields: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const ticked = tickedScopes(fields);
  return isEmergency(visit) ? new Set([...ticked, BREAK_GLASS]) : ticked;
}

function isQuestion({ text }: Scope): boolean {
  return text !== BREAK_GLASS;
}

/** When it ends by itself; what keeps coming back ends when it does not any more. */
function untilOf(
  granted: readonly Scope[],
  endsAt: EpochSeconds | undefined,
  parts: InteractionParts,
): { readonly until?: EpochSeconds } {
  const comesBack = granted.some(({ kind }) => kind === 'refresh');
  const byItself = comesBack ? Infinity : parts.clock() + lifetimeOf(granted, parts);
  const until = Math.min(endsAt ?? Infinity, byItself);
  return until === Infinity ? {} : { until };
}

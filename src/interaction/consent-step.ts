import { describeOffer, endOf } from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import {
  askedAbout,
  decideGrant,
  describeDropped,
  formatScopeList,
  needsPatient,
  type LaunchContext,
  type Scope,
} from '../smart/index.ts';
import { accessInWords, chosenDuration } from './access-time.ts';
import { appView } from './app-view.ts';
import { patientInWords } from './choose-steps.ts';
import { decisionOf, isKept } from './decision-record.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { showRefusal } from './refusals.ts';
import { SHOWN, patientOn, shownPage, type ShownPage } from './shown-page.ts';
import { offerOf, patientOf, saveProgress, type Visit } from './visit.ts';

/** Time for the code to be redeemed and a little more: a grant outlives its only token by this. */
const SLACK_SECONDS = 120;

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
    ...(patient ? { patient } : {}),
    fhirServer: { name: visit.fhirServer.name, host: new URL(visit.fhirServer.url).host },
    groups: describeOffer(askedAbout(granted), languageOf(visit.ctx)),
    stopAt: parts.config.issuer.replace(/^https?:\/\//, '') + parts.myAppsPath,
    access: accessInWords(granted, visit, parts),
  };
  return shownPage(visit, 'consent', data, parts.pages);
}

/** Whose record this is about, if anybody's. */
function patientConcerned(visit: Visit, account: Account, offer: readonly Scope[]): string | undefined {
  return needsPatient(offer) || visit.launch ? patientOf(visit, account) : undefined;
}

/** Grants what was ticked, within what was offered; returns where the browser goes on, or `shown` to ask again. */
export async function takeConsent(
  visit: Visit,
  account: Account,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<string> {
  const { say } = languageOf(visit.ctx);
  const offer = offerOf(visit, account);
  const { granted, dropped } = decideGrant(offer.granted, new Set(fields.get('scope')));
  if (granted.length === 0) {
    await showConsent(visit, account, parts, say('consent.tick-one'));
    return 'shown';
  }
  const duration = chosenDuration(visit, granted, fields, parts);
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
  const { pending, fhirServer, reference, client } = visit;
  const context = contextFor(visit, account, granted, parts.smartStyleUrl);
  const scope = formatScopeList(granted);
  const hasFhirUser = granted.some(({ text }) => text === 'fhirUser') && account.fhirUser !== undefined;
  const finish = (finishedAt: string): Promise<void> => saveProgress(visit, { finishedAt }, parts);
  const endsAt = endOf(duration, parts.clock());
  const approval = {
    ...(endsAt === undefined ? {} : { endsAt }),
    accountId: account.accountId,
    signedIn: visit.progress.accountId !== undefined,
    clientId: pending.clientId,
    fhirBaseUrl: fhirServer.url,
    scope,
    context,
    ...(hasFhirUser ? { fhirUser: `${fhirServer.url}/${account.fhirUser}` } : {}),
    reference,
    lifetimeSeconds: lifetimeOf(granted, parts),
  };
  const decision = decisionOf('granted', visit, account, {
    kept: granted.map(({ text }) => text),
    refused: dropped.map((one) => one.scope),
    ...(context.patient === undefined ? {} : { patient: patientOn(page, context.patient) }),
    ...untilOf(granted, endsAt, parts),
    page,
  });
  if (!(await isKept(decision, visit, parts))) return 'shown';
  if (pending.launch !== undefined && !(await parts.launches.take(pending.launch))) {
    await parts.records.keepIfPossible({ ...decision, kind: 'withdrawn' });
    return parts.engine.refuse(
      visit.ctx,
      'invalid_request',
      'the launch was used already; launch the app again',
    );
  }
  if (pending.launch !== undefined) await tellLaunchUsed(visit, account, parts);
  const url = await parts.engine.approve(visit.ctx, approval, finish).catch(async (error: unknown) => {
    await parts.records.keepIfPossible({ ...decision, kind: 'withdrawn' });
    throw error;
  });
  await parts.audit.record({
    type: 'consent',
    outcome: 'success',
    reference,
    address: visit.ctx.ip,
    clientId: client.client_id,
    accountId: account.accountId,
    fhirServer: fhirServer.url,
    ...(context.patient === undefined ? {} : { patient: context.patient }),
    scope,
    ...(endsAt === undefined ? {} : { until: new Date(endsAt * 1000).toISOString() }),
    dropped: describeDropped([...offer.dropped, ...dropped]),
  });
  return url;
}

/** When it ends by itself; what keeps coming back ends when it does not any more. */
function untilOf(
  granted: readonly Scope[],
  endsAt: EpochSeconds | undefined,
  parts: InteractionParts,
): { readonly until?: EpochSeconds } {
  if (endsAt !== undefined) return { until: endsAt };
  const comesBack = granted.some(({ kind }) => kind === 'refresh');
  return comesBack ? {} : { until: parts.clock() + lifetimeOf(granted, parts) };
}

async function tellLaunchUsed(visit: Visit, account: Account, parts: InteractionParts): Promise<void> {
  const { ctx, pending, launch, fhirServer, reference } = visit;
  await parts.audit.record({
    type: 'launch.used',
    outcome: 'success',
    reference,
    address: ctx.ip,
    clientId: pending.clientId,
    accountId: account.accountId,
    fhirServer: fhirServer.url,
    launchHash: parts.launchHash(pending.launch ?? ''),
    ...(launch?.context.patient === undefined ? {} : { patient: launch.context.patient }),
  });
}

/** What travels beside the token: only what the granted scopes entitle the app to (CTX-03, CTX-22). */
function contextFor(
  visit: Visit,
  account: Account,
  granted: readonly Scope[],
  smartStyleUrl: string,
): LaunchContext {
  const { launch, progress } = visit;
  const has = (text: string): boolean => granted.some((scope) => scope.text === text);
  const fromLaunch = launch && has('launch') ? launch.context : undefined;
  const patient = fromLaunch?.patient ?? (needsPatient(granted) ? patientOf(visit, account) : undefined);
  const encounter =
    fromLaunch?.encounter ??
    (has('launch/encounter') ? (launch?.context.encounter ?? progress.encounter?.id) : undefined);
  if (patient === undefined && needsPatient(granted)) {
    throw new TypeError('patient-level scopes would be granted without a patient');
  }
  return {
    ...(fromLaunch ? { need_patient_banner: true, smart_style_url: smartStyleUrl, ...fromLaunch } : {}),
    ...(patient === undefined ? {} : { patient }),
    ...(encounter === undefined ? {} : { encounter }),
  };
}

function lifetimeOf(granted: readonly Scope[], { config }: InteractionParts): number {
  const { refreshTokenSeconds, accessTokenSeconds, codeSeconds } = config.tokens;
  const refreshable = granted.some(({ kind }) => kind === 'refresh');
  return refreshable ? refreshTokenSeconds : accessTokenSeconds + codeSeconds + SLACK_SECONDS;
}

import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';

import type { SignInThrottle } from '../limits/index.ts';
import { assertNever } from '../oauth/index.ts';
import { SHOWN } from '../records/index.ts';
import { withStandings } from './acting-for.ts';
import { takeAgreement } from './agreements.ts';
import { appView } from './app-view.ts';
import { showEncounters, showPatients, takeEncounter, takePatient } from './choose-steps.ts';
import { consentPage, showConsent, takeConsent } from './consent-step.ts';
import { decisionOf, patientOn } from './decision-record.ts';
import { showEmergency, takeEmergency } from './emergency.ts';
import { fieldsOf, isOwnForm } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { showProblem } from './problems.ts';
import { showSignIn, takeSignIn } from './sign-in-step.ts';
import { askSilently, takeProvider } from './provider-step.ts';
import { showFactor, showPasskey, takeFactor, takePasskey, wantsPasskey } from './second-step.ts';
import { showRefusal } from './refusals.ts';
import { nextStep, type Step } from './steps.ts';
import { VOUCH_PATH, askEhr, mayVouch, takeVouch } from './vouching.ts';
import { openVisit, patientOf, saveProgress, type Visit } from './visit.ts';

/**
 * The pages of one interaction: GET draws the step that is due, POST takes its form and sends the browser back to GET
 * (303, RESP-08). Whatever is posted, the step that is due is worked out anew first.
 */
export function interactionRoutes(parts: InteractionParts): Router {
  const router = new Router();
  router.get('/', (ctx) => parts.pages.render(ctx, 'home', { myAppsHref: parts.myAppsPath }));
  const parse = bodyParser({ enableTypes: ['form'], formLimit: '64kb' });
  router.get('/interaction/:uid', (ctx) =>
    withVisit(ctx, ctx['params'].uid, parts, (visit) => show(visit, nextStep(visit, parts.clock()), parts)),
  );
  router.get(`/interaction/:uid/${VOUCH_PATH}`, (ctx) =>
    withVisit(ctx, ctx['params'].uid, parts, (visit) => takeVouch(visit, parts)),
  );
  router.post('/interaction/:uid', parse, (ctx) =>
    withVisit(ctx, ctx['params'].uid, parts, (visit) => take(visit, parts, parts.throttle)),
  );
  return router;
}

async function withVisit(
  ctx: Context,
  uid: string | undefined,
  parts: InteractionParts,
  work: (visit: Visit) => Promise<void>,
): Promise<void> {
  const opened = await openVisit(ctx, parts);
  if (!opened.ok || opened.visit.pending.uid !== uid) {
    const problem = opened.ok ? 'expired' : opened.problem;
    // In a frame there may be no cookies at all, whatever is allowed.
    const isCut = problem === 'expired' && parts.isFramed(ctx) && ctx.get('Cookie') === '';
    showProblem(ctx, isCut ? 'no-cookies' : problem, parts, { status: 400, code: 'invalid_request' });
    await recordTurnedAway(ctx, 'page', problem, parts);
    return;
  }
  try {
    await work(await withStandings(opened.visit, parts));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'FhirUnavailable')) throw error;
    parts.log.warn({ err: error, reference: opened.visit.reference }, 'the FHIR server is away');
    showProblem(ctx, 'fhir-away', parts, {
      status: 503,
      restartHref: `/interaction/${opened.visit.pending.uid}`,
    });
  }
}

/** A page or a form that is over, or was never of this browser. */
function recordTurnedAway(
  ctx: Context,
  what: 'page' | 'form',
  reason: string,
  { audit, referenceFor }: InteractionParts,
): Promise<void> {
  const seen = { reference: referenceFor(ctx), address: ctx.ip };
  return audit.record({ type: 'request.refused', outcome: 'refused', what, reason, ...seen });
}

async function show(visit: Visit, step: Step, parts: InteractionParts): Promise<void> {
  // Somebody may be signed in here who is not the one at the EHR's screen.
  if (step.name !== 'done' && mayVouch(visit)) return askEhr(visit, parts);
  switch (step.name) {
    case 'login':
      if (await askSilently(visit, parts)) return;
      return wantsPasskey(visit, parts) ? showPasskey(visit, parts) : showSignIn(visit, parts);
    case 'second':
    case 'enrol':
      return showFactor(visit, step, parts);
    case 'patient':
      return showPatients(visit, step.account, parts);
    case 'encounter':
      return showEncounters(visit, step.account, step.patient, parts);
    case 'emergency':
      return showEmergency(visit, step.account, parts);
    case 'consent':
      return showConsent(visit, step.account, parts);
    case 'agreed':
      return goOn(visit, await takeAgreement(visit, step.account, step.agreement, parts), parts);
    case 'done':
      return handOver(visit, step.url, parts);
    case 'refused':
      return showRefusal(visit, step.account, step.reason, parts);
    default:
      return assertNever(step);
  }
}

async function take(visit: Visit, parts: InteractionParts, throttle: SignInThrottle): Promise<void> {
  const { ctx, pending } = visit;
  const fields = fieldsOf(ctx);
  const step = nextStep(visit, parts.clock());
  if (step.name === 'done') return handOver(visit, step.url, parts);
  if (!isOwnForm(visit, fields)) {
    showProblem(ctx, 'expired', parts, { status: 403, code: 'invalid_request' });
    return recordTurnedAway(ctx, 'form', 'another-form', parts);
  }
  if (fields.has('cancel')) {
    await recordRefusal(visit, step, fields, parts);
    return cancel(visit, parts);
  }
  if (fields.has('switch')) return switchAccount(visit, parts);
  const isDue = fields.get('step')?.[0] === step.name;
  const outcome = isDue ? await obey(visit, step, fields, parts, throttle) : 'next';
  if (outcome === 'shown') return;
  if (outcome !== 'next') return handOver(visit, outcome, parts);
  ctx.redirect(`/interaction/${pending.uid}`);
  ctx.status = 303;
}

/** Does what the form of the due step says: draw again, go on to the `next` step, or leave for an address. */
async function obey(
  visit: Visit,
  step: Step,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
  throttle: SignInThrottle,
): Promise<string> {
  switch (step.name) {
    case 'login':
      if ((await takeProvider(visit, fields, parts)) === 'shown') return 'shown';
      if (fields.has('passkey')) return takePasskey(visit, fields, parts);
      return (await takeSignIn(visit, fields, parts, throttle)) === 'shown' ? 'shown' : 'next';
    case 'second':
    case 'enrol':
      return takeFactor(visit, step, fields, parts);
    case 'patient':
      return (await takePatient(visit, step.account, fields, parts)) === 'shown' ? 'shown' : 'next';
    case 'encounter':
      return (await takeEncounter(visit, step.account, step.patient, fields, parts)) === 'shown'
        ? 'shown'
        : 'next';
    case 'emergency':
      return takeEmergency(visit, step.account, fields, parts);
    case 'consent':
      return takeConsent(visit, step.account, fields, parts);
    case 'agreed':
      return takeAgreement(visit, step.account, step.agreement, parts);
    case 'done':
    case 'refused':
      return 'next';
    default:
      return assertNever(step);
  }
}

async function cancel(visit: Visit, parts: InteractionParts): Promise<void> {
  const { reference, pending, account, ctx, needed } = visit;
  await parts.audit.record({
    type: 'consent',
    outcome: 'denied',
    reference,
    address: ctx.ip,
    clientId: pending.clientId,
    scope: pending.scope,
    ...(account && needed.need === 'nothing' ? { accountId: account.accountId } : {}),
  });
  const url = await parts.engine.refuse(ctx, 'access_denied', 'the user declined');
  await saveProgress(visit, { finishedAt: url }, parts);
  handOver(visit, url, parts);
}

/**
 * Refusing never waits for its record, nor for a record system that is away. Who is not signed in, or not yet with all they
 * need, is nobody we know.
 */
async function recordRefusal(
  visit: Visit,
  step: Step,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<void> {
  const { account, pending, needed } = visit;
  if (!account || needed.need !== 'nothing') return;
  const drawn = step.name === 'consent' ? consentPage(visit, account, parts) : undefined;
  const page = await drawn?.catch(() => undefined);
  const seen = page?.digest === fields.get(SHOWN)?.[0] ? page : undefined;
  const patient = patientOf(visit, account);
  const decision = decisionOf('refused', visit, account, {
    ...{ kept: [], refused: pending.scope.split(' ').filter(Boolean), page: seen },
    ...(patient === undefined ? {} : { patient: page ? patientOn(page, patient) : { id: patient } }),
  });
  await parts.records.keepIfPossible(decision);
}

/** Back to signing in, as somebody else; what was chosen is forgotten. */
async function switchAccount(visit: Visit, parts: InteractionParts): Promise<void> {
  await saveProgress({ ...visit, progress: {} }, { switchAccount: true }, parts);
  visit.ctx.redirect(`/interaction/${visit.pending.uid}`);
  visit.ctx.status = 303;
}

function goOn(visit: Visit, outcome: string, parts: InteractionParts): void {
  if (outcome !== 'shown') handOver(visit, outcome, parts);
}

/** A page between the form and the app: the way on is then no part of the form, which may only lead to us. */
function handOver(visit: Visit, url: string, { pages }: InteractionParts): void {
  pages.render(visit.ctx, 'handover', { app: appView(visit), url });
}

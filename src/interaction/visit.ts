import type { Context } from 'koa';

import type { RememberedDecision } from '../consent/index.ts';
import type { ClientRegistration } from '../clients/index.ts';
import type { FhirServerConfig } from '../config/index.ts';
import {
  factorsNeeded,
  patientsWithin,
  rightsOf,
  stepUp,
  type Account,
  type FactorsNeeded,
  type Method,
} from '../identity/index.ts';
import { checkLaunch, type LaunchRecord } from '../launch/index.ts';
import {
  breakGlassScope,
  contextTypesOf,
  decideOffer,
  isResourceScope,
  needsPatient,
  sensitiveScope,
  type GrantDecision,
  type Scope,
} from '../smart/index.ts';
import { sessionCounts } from '../upstream/index.ts';
import type { PendingAuthorization } from './engine.ts';
import { speakTo } from './other-languages.ts';
import type { InteractionParts } from './parts.ts';
import type { Standing } from '../representation/index.ts';
import { PROGRESS_SECONDS, signedOut, type Progress } from './progress.ts';

/** Everything known about one visit to an interaction page. */
export interface Visit {
  readonly ctx: Context;
  readonly pending: PendingAuthorization;
  readonly progress: Progress;
  /** What the tokens of this interaction's forms are made from (attack row A067). */
  readonly formSecret: string;
  readonly client: ClientRegistration;
  readonly fhirServer: FhirServerConfig;
  readonly launch?: LaunchRecord;
  /** The EHR that announced the launch, where it answers for who is signed in to it and that is not known here already. */
  readonly vouching?: ClientRegistration;
  /** Who is signed in, in this interaction or in an earlier session; `needed` says whether that is enough. */
  readonly account?: Account;
  /** What they have shown, in this interaction and before. */
  readonly shown: readonly Method[];
  /** What they have to show before they go on. */
  readonly needed: FactorsNeeded;
  /** Whom they may act for, where anybody's record is asked for. */
  readonly standings: readonly Standing[];
  readonly reference: string;
  /** What this person decided about this app before, where they are asked at all. */
  readonly remembered?: readonly RememberedDecision[];
}

export type VisitProblem = 'expired' | 'client-gone' | 'launch-gone';
export type OpenedVisit =
  { readonly ok: true; readonly visit: Visit } | { readonly ok: false; readonly problem: VisitProblem };

/** Gathers what a visit is about, or why it cannot go on. */
export async function openVisit(ctx: Context, parts: InteractionParts): Promise<OpenedVisit> {
  const pending = await parts.engine.pending(ctx);
  if (!pending) return { ok: false, problem: 'expired' };
  const reference = parts.referenceFor(ctx, pending.correlationId);
  speakTo(ctx, parts.languages, pending.uiLocales);
  const [progress, client] = await Promise.all([
    parts.progress.load(pending.uid),
    parts.clients.find(pending.clientId),
  ]);
  const fhirServer = parts.config.fhirServers.find(({ url }) => url === pending.aud.replace(/\/$/, ''));
  if (!client || client.disabled || !fhirServer) return { ok: false, problem: 'client-gone' };

  const known = await stillSignedIn(ctx, progress ?? {}, pending, parts);
  const finished = known.finishedAt !== undefined;
  const launch = finished ? undefined : await openLaunch(pending, fhirServer, parts);
  if (launch === 'gone') return { ok: false, problem: 'launch-gone' };
  const account = await accountOf(pending, known, fhirServer, parts);
  const shown = shownIn(pending, known);
  const needed = await neededOf(
    account,
    shown,
    { pending, client: client.registration, progress: known },
    parts,
  );
  const remembers = account !== undefined && (client.registration.consent !== 'skip' || pending.asksConsent);
  const remembered = remembers ? await parts.memory.of(account.accountId, pending.clientId) : undefined;
  const isTheirs = launch?.fhirUser !== undefined && launch.fhirUser === account?.fhirUser;
  const isSettled = known.accountId !== undefined || isTheirs;
  const vouching = isSettled ? undefined : await vouchingEhr(launch, parts);
  const formSecret = parts.formSecret(pending.uid);
  const base = {
    ctx,
    pending,
    progress: known,
    formSecret,
    client: client.registration,
    fhirServer,
    reference,
    shown,
    needed,
    standings: [],
  };
  return {
    ok: true,
    visit: {
      ...base,
      ...(launch ? { launch } : {}),
      ...(vouching ? { vouching } : {}),
      ...(account ? { account } : {}),
      ...(remembered ? { remembered } : {}),
    },
  };
}

/** Who has signed out at their provider before they had finished here begins anew, whatever they have chosen. */
async function stillSignedIn(
  { ip: address }: Context,
  progress: Progress,
  { uid, clientId, correlationId }: PendingAuthorization,
  { upstreamEnded, progress: store, audit }: InteractionParts,
): Promise<Progress> {
  const { carried, finishedAt, accountId } = progress;
  if (!carried || finishedAt !== undefined || accountId === undefined) return progress;
  if (!(await upstreamEnded(carried.upstream))) return progress;
  const problem = { provider: carried.upstream.provider, problem: 'ended-there' } as const;
  const left = signedOut(progress, problem);
  await store.save(uid, left, PROGRESS_SECONDS);
  const { provider, problem: reason } = problem;
  const seen = { reference: correlationId, address, clientId, accountId, provider, reason };
  await audit.record({ type: 'sign-in', outcome: 'refused', ...seen });
  return left;
}

async function openLaunch(
  pending: PendingAuthorization,
  { url }: FhirServerConfig,
  { launches, clock }: InteractionParts,
): Promise<LaunchRecord | 'gone' | undefined> {
  if (pending.launch === undefined) return undefined;
  const record = await launches.peek(pending.launch);
  const problem = checkLaunch(record, { clientId: pending.clientId, fhirBaseUrl: url }, clock);
  return problem || !record ? 'gone' : record;
}

async function vouchingEhr(
  launch: LaunchRecord | undefined,
  { clients }: InteractionParts,
): Promise<ClientRegistration | undefined> {
  const ehr = launch && (await clients.find(launch.announcedBy));
  if (!ehr || ehr.disabled || !ehr.registration.rights.includes('launch')) return undefined;
  return ehr.registration.sign_in_uri === undefined ? undefined : ehr.registration;
}

/** Somebody who has to sign in again is nobody yet, whatever the session says. */
async function accountOf(
  { prompt, session }: PendingAuthorization,
  progress: Progress,
  { id: fhirServer }: FhirServerConfig,
  { accounts, config }: InteractionParts,
): Promise<Account | undefined> {
  const isAsked = prompt.name === 'login' || progress.switchAccount;
  const counts = !isAsked && sessionCounts(config, fhirServer, session?.provider);
  const fromSession = counts ? session?.accountId : undefined;
  const id = progress.accountId ?? fromSession;
  const account = id === undefined ? undefined : await accounts.find(id);
  return account?.disabled ? undefined : account;
}

/** Who signed in here showed all of it here; else it comes on top of what the session says. */
function shownIn({ session }: PendingAuthorization, progress: Progress): readonly Method[] {
  const { accountId, methods = [] } = progress;
  return accountId === undefined ? [...(session?.methods ?? []), ...methods] : methods;
}

async function neededOf(
  account: Account | undefined,
  methods: readonly Method[],
  { pending, client, progress }: Pick<Visit, 'pending' | 'client' | 'progress'>,
  parts: InteractionParts,
): Promise<FactorsNeeded> {
  if (!account) return { need: 'first' };
  const { config, factors, mayMail, clock } = parts;
  const asked = {
    rule: config.signIn.mfa[account.role],
    isRequiredByClient: client.require_mfa ?? false,
    requestedAcr: pending.acrValues,
  };
  const owned = { ...(await factors.read(account.accountId)), mayMail: mayMail(account) };
  // How old it may be is asked before there is an interaction, and what is shown in one is new.
  const needed = factorsNeeded(asked, owned, { methods, at: clock() }, clock());
  const { emergency, methods: here = [] } = progress;
  if (needed.need !== 'nothing' || emergency?.state !== 'told') return needed;
  return stepUp(owned, here.slice(emergency.before), clock());
}

/** What may be offered to this person: asked for, within the registration and the person's own rights. */
export function offerOf(visit: Visit, account: Account): GrantDecision {
  const known = offers.get(visit);
  if (known?.account === account) return known.offer;
  const offer = decide(visit, account);
  offers.set(visit, { account, offer });
  return offer;
}

/** One request asks for it many times. */
const offers = new WeakMap<Visit, { readonly account: Account; readonly offer: GrantDecision }>();

function decide(visit: Visit, account: Account): GrantDecision {
  const { pending, client, launch } = visit;
  const contextTypes = launch ? contextTypesOf(launch.context) : [];
  const offer = decideOffer(pending.scope, {
    ...(contextTypes === undefined ? {} : { contextTypes }),
    registered: client.scope,
    flow: 'user',
    mayRefresh: client.grant_types.includes('refresh_token'),
    hasLaunch: launch !== undefined,
    userRights: rightsOf(account.role),
    hasFhirUser: account.fhirUser !== undefined,
  });
  if (visit.progress.emergency?.state === 'told') return inEmergency(offer);
  return { ...offer, granted: [...offer.granted, ...sensitiveIn(visit, account, offer.granted)] };
}

/** The record of one patient, and no way to come back. */
function inEmergency({ granted, dropped }: GrantDecision): GrantDecision {
  const isLeft = (scope: Scope): boolean =>
    isResourceScope(scope) ? scope.level === 'patient' : scope.kind !== 'refresh';
  const gone = granted.filter((scope) => !isLeft(scope));
  return {
    granted: [...granted.filter(isLeft), breakGlassScope()],
    dropped: [...dropped, ...gone.map(({ text }) => ({ scope: text, reason: 'not-in-emergency' as const }))],
  };
}

/** What people tick on top, where the FHIR server says which data are sensitive; for clinicians its own rules stand. */
function sensitiveIn(
  { fhirServer }: Pick<Visit, 'fhirServer'>,
  { role }: Account,
  offer: readonly Scope[],
): Scope[] {
  const isAboutRecord = offer.some((scope) => isResourceScope(scope));
  if (role === 'practitioner' || !isAboutRecord) return [];
  return fhirServer.sensitiveKinds.map(sensitiveScope);
}

/** Ids of the patients to choose from; `undefined`: a clinician's, who searches all of them. */
export function patientsOf(
  { standings }: Pick<Visit, 'standings'>,
  account: Account,
): readonly string[] | undefined {
  return patientsWithin(
    account,
    standings.map(({ patient }) => patient.id),
  );
}

/** The patient in context as far as it is settled: by the launch, by who the person is, or by choice. */
export function patientOf(visit: Visit, account: Account): string | undefined {
  const { launch, progress } = visit;
  if (launch?.context.patient !== undefined) return launch.context.patient;
  const chosen = progress.patient?.id;
  const all = patientsOf(visit, account);
  if (!all) return chosen;
  if (all.length === 1) return all[0];
  return all.find((one) => one === chosen);
}

/** Whose record this is about, if anybody's. */
export function patientConcerned(
  visit: Visit,
  account: Account,
  offer: readonly Scope[],
): string | undefined {
  return needsPatient(offer) || visit.launch ? patientOf(visit, account) : undefined;
}

/** @returns how far the person has come now */
export async function saveProgress(
  visit: Visit,
  change: Partial<Progress>,
  parts: InteractionParts,
): Promise<Progress> {
  const progress = { ...visit.progress, ...change };
  await parts.progress.save(visit.pending.uid, progress, PROGRESS_SECONDS);
  return progress;
}

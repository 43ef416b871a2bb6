import type { Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import type { NoticedGrant } from '../notices/index.ts';
import { tellBreakGlass } from './emergency.ts';
import {
  breaksGlass,
  describeDropped,
  formatScopeList,
  isResourceScope,
  needsPatient,
  type DroppedScope,
  type LaunchContext,
  type Permission,
  type Scope,
} from '../smart/index.ts';
import type { Approval } from './engine.ts';
import type { InteractionParts } from './parts.ts';
import { standingIn } from './acting-for.ts';
import { patientOf, saveProgress, type Visit } from './visit.ts';

/** Time for the code to be redeemed and a little more: a grant outlives its only token by this. */
const SLACK_SECONDS = 120;

/** What an app gets, and why. */
interface Given {
  readonly granted: readonly Scope[];
  readonly dropped: readonly DroppedScope[];
  /** Absent: when it is not used any more. */
  readonly endsAt: EpochSeconds | undefined;
  /** The person was asked just now, or before, or the organisation does not ask about its own apps. */
  readonly basis: 'asked' | 'remembered' | 'skipped';
}

/** @returns where the browser goes on; not `given`: the launch was used meanwhile, and the app is told so */
export async function giveAccess(
  visit: Visit,
  account: Account,
  { granted, dropped, endsAt, basis }: Given,
  parts: InteractionParts,
): Promise<{ readonly given: boolean; readonly url: string }> {
  const { pending, fhirServer, reference } = visit;
  const context = contextFor(visit, account, granted, parts);
  const scope = formatScopeList(granted);
  const standing = context.patient === undefined ? undefined : standingIn(visit, account);
  const consent = {
    type: 'consent',
    ...{ basis, reference, address: visit.ctx.ip },
    ...{ clientId: pending.clientId, accountId: account.accountId, fhirServer: fhirServer.url },
    ...(context.patient === undefined ? {} : { patient: context.patient }),
    ...(standing ? { actsAs: standing.actsAs, legalBasis: standing.basis } : {}),
    scope,
    ...(endsAt === undefined ? {} : { until: new Date(endsAt * 1000).toISOString() }),
    dropped: describeDropped(dropped),
  } as const;
  // Before the launch is taken: who has no record has lost nothing and can try again.
  await parts.audit.record({ ...consent, outcome: 'success' });
  const withdraw = (reason: string): Promise<void> =>
    parts.audit.record({ ...consent, outcome: 'failure', reason }).catch(() => undefined);
  if (pending.launch !== undefined && !(await parts.launches.take(pending.launch))) {
    await withdraw('the launch was used already');
    const description = 'the launch was used already; launch the app again';
    return { given: false, url: await parts.engine.refuse(visit.ctx, 'invalid_request', description) };
  }
  if (pending.launch !== undefined) await tellLaunchUsed(visit, account, parts);
  const hasFhirUser = granted.some(({ text }) => text === 'fhirUser') && account.fhirUser !== undefined;
  const approval = {
    ...(endsAt === undefined ? {} : { endsAt }),
    accountId: account.accountId,
    ...(visit.progress.methods === undefined ? {} : { signedIn: signedInOf(visit) }),
    ...(visit.progress.carried ? { carried: visit.progress.carried } : {}),
    clientId: pending.clientId,
    fhirBaseUrl: fhirServer.url,
    scope,
    context,
    ...(hasFhirUser ? { fhirUser: `${fhirServer.url}/${account.fhirUser}` } : {}),
    ...(standing ? { actsAs: standing.actsAs } : {}),
    ...(account.role === 'practitioner' ? { clinician: true as const } : {}),
    reference,
    lifetimeSeconds: lifetimeOf(granted, parts),
  };
  if (breaksGlass(scope)) await tellBreakGlass(visit, account, { patient: context.patient, endsAt }, parts);
  const url = await parts.engine
    .approve(visit.ctx, approval, async (finishedAt) => {
      await saveProgress(visit, { finishedAt }, parts);
    })
    .catch(async (error: unknown) => {
      await withdraw('access could not be given');
      throw error;
    });
  // Who decided nothing just now has been told before.
  if (basis === 'asked' && granted.some(({ text }) => text === 'offline_access'))
    parts.tellOfGrant?.(
      account,
      { app: visit.client.client_name, endsAt, ...whatIsGiven(granted, account, standing !== undefined) },
      languageOf(visit.ctx),
    );
  return { given: true, url };
}

function whatIsGiven(
  granted: readonly Scope[],
  { role }: Account,
  isForOther: boolean,
): Pick<NoticedGrant, 'whose' | 'changes'> {
  const data = granted.filter(isResourceScope);
  const own = role === 'patient' ? 'own' : 'many';
  return {
    whose: isForOther ? 'other' : own,
    changes: data.some(({ permissions }) =>
      ['c', 'u', 'd'].some((letter) => permissions.has(letter as Permission)),
    ),
  };
}

function signedInOf({ shown, progress }: Visit): NonNullable<Approval['signedIn']> {
  const { signedInAt: at } = progress;
  return { methods: shown, ...(at === undefined ? {} : { at }) };
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
export function contextFor(
  visit: Visit,
  account: Account,
  granted: readonly Scope[],
  { smartStyleUrl }: Pick<InteractionParts, 'smartStyleUrl'>,
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

export function lifetimeOf(granted: readonly Scope[], { config }: InteractionParts): number {
  const { refreshTokenSeconds, accessTokenSeconds, codeSeconds } = config.tokens;
  const refreshable = granted.some(({ kind }) => kind === 'refresh');
  return refreshable ? refreshTokenSeconds : accessTokenSeconds + codeSeconds + SLACK_SECONDS;
}

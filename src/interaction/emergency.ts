import { stepUp, type Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import { BREAK_GLASS, isResourceScope, parseScopeList } from '../smart/index.ts';
import { appView } from './app-view.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { saveProgress, type Visit } from './visit.ts';

const MINUTE = 60;
/** So long what was shown when signing in here counts. */
const FRESH_SECONDS = 300;
const MIN_LETTERS = 10;
const MAX_LETTERS = 500;

/** Was it asked for, by the person or by the app, and not declined? */
export function isEmergency({ pending, progress }: Visit): boolean {
  if (progress.emergency) return progress.emergency.state !== 'declined';
  return pending.scope.split(' ').includes(BREAK_GLASS);
}

export function isAskedForReason(visit: Visit): boolean {
  return isEmergency(visit) && visit.progress.emergency?.state !== 'told';
}

/** A clinician, in an app that may be used so, about the record of one patient (attack row A199). */
export function mayBreakGlass({ fhirServer, client, pending }: Visit, { role }: Account): boolean {
  if (!fhirServer.breakGlass || role !== 'practitioner') return false;
  if (!client.scope.split(' ').includes(BREAK_GLASS)) return false;
  return parseScopeList(pending.scope).scopes.some(
    (scope) => isResourceScope(scope) && scope.level === 'patient',
  );
}

export function showEmergency(
  visit: Visit,
  account: Account,
  { pages }: InteractionParts,
  said: { readonly error?: string; readonly why?: string } = {},
): void {
  const minutes = visit.fhirServer.breakGlass?.minutes ?? 0;
  const data = {
    ...{ app: appView(visit), user: { name: account.name }, form: formOf(visit, 'emergency') },
    ...{ minutes, maxLength: MAX_LETTERS, ...said },
  };
  pages.render(visit.ctx, 'emergency', data, said.error === undefined ? 200 : 422);
}

/** Why, in their own words; whoever could not show a second factor then is told now. */
export async function takeEmergency(
  visit: Visit,
  account: Account,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<'next' | 'shown'> {
  if (fields.has('usual')) return settle(visit, { state: 'declined' }, parts);
  const { say } = languageOf(visit.ctx);
  const why = (fields.get('why')?.[0] ?? '').replaceAll(/[\s\p{C}]+/gu, ' ').trim();
  const again = (error: string): 'shown' => {
    showEmergency(visit, account, parts, { error, why });
    return 'shown';
  };
  if (why.length < MIN_LETTERS) return again(say('emergency.say-why', { letters: MIN_LETTERS }));
  if (why.length > MAX_LETTERS) return again(say('emergency.too-long', { letters: MAX_LETTERS }));
  const owned = { ...(await parts.factors.read(account.accountId)), mayMail: parts.mayMail(account) };
  if (stepUp(owned, [], parts.clock()).need === 'enrol') {
    await tellRefused(visit, account, 'no-second-factor', parts);
    return again(say('emergency.no-factor', { address: parts.config.issuer + parts.secondStep.accountPath }));
  }
  const { methods = [], signedInAt = 0 } = visit.progress;
  // Who signed in just now with two factors need not wait for another code.
  const before = parts.clock() - signedInAt <= FRESH_SECONDS ? 0 : methods.length;
  return settle(visit, { state: 'told', why, before }, parts);
}

/** From the consent screen, for who finds that they need more. */
export function askForEmergency(visit: Visit, parts: InteractionParts): Promise<'next'> {
  return settle(visit, { state: 'asked' }, parts);
}

async function settle(
  visit: Visit,
  emergency: NonNullable<Visit['progress']['emergency']>,
  parts: InteractionParts,
): Promise<'next'> {
  await saveProgress(visit, { emergency }, parts);
  return 'next';
}

/** What the consent screen says of it, or the way to it. */
export function emergencyIn(visit: Visit, account: Account): object {
  const { emergency } = visit.progress;
  const minutes = visit.fhirServer.breakGlass?.minutes;
  if (emergency?.state === 'told') return { emergency: { minutes, why: emergency.why } };
  return mayBreakGlass(visit, account) ? { mayBreakGlass: true } : {};
}

/** `undefined`: it is none. */
export function emergencyEnd({ progress, fhirServer }: Visit, now: EpochSeconds): EpochSeconds | undefined {
  if (progress.emergency?.state !== 'told') return undefined;
  return now + (fhirServer.breakGlass?.minutes ?? 0) * MINUTE;
}

/** Before anything is opened: who, whose record, why, until when. And who is to know is told. */
export async function tellBreakGlass(
  visit: Visit,
  account: Account,
  { patient, endsAt }: { readonly patient: string | undefined; readonly endsAt: EpochSeconds | undefined },
  { audit, tellOfEmergency }: InteractionParts,
): Promise<void> {
  const { ctx, reference, pending, fhirServer, client } = visit;
  const { emergency } = visit.progress;
  if (emergency?.state !== 'told' || patient === undefined || endsAt === undefined || !fhirServer.breakGlass)
    throw new TypeError('nobody said that this is an emergency, about whom and until when');
  const { accountId } = account;
  await audit.record({
    ...{ type: 'break-glass', outcome: 'success', why: emergency.why, reference, address: ctx.ip },
    ...{ clientId: pending.clientId, accountId, fhirServer: fhirServer.url, patient },
    until: new Date(endsAt * 1000).toISOString(),
  });
  tellOfEmergency?.(fhirServer.breakGlass.notify, {
    ...{ username: account.username, name: account.name, app: client.client_name },
    ...{ fhirServer: fhirServer.name, reference, minutes: fhirServer.breakGlass.minutes },
  });
}

/** Who it was that could not, and why. */
function tellRefused(
  { ctx, reference, pending, fhirServer }: Visit,
  { accountId }: Account,
  reason: string,
  { audit }: Pick<InteractionParts, 'audit'>,
): Promise<void> {
  return audit.record({
    ...{ type: 'break-glass', outcome: 'refused', reason, reference, address: ctx.ip },
    ...{ clientId: pending.clientId, accountId, fhirServer: fhirServer.url },
  });
}

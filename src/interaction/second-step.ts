import type { Account, Method } from '../identity/index.ts';
import {
  showEnrolment,
  showPasskeySignIn,
  showPrintedCodes,
  showSecond,
  takeEnrolment,
  takePasskeySignIn,
  takeSecond,
  type Occasion,
} from '../second-step/index.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import type { Step } from './steps.ts';
import { noteSignIn } from './sign-in-step.ts';
import { saveProgress, type Visit } from './visit.ts';

type Due = Extract<Step, { readonly name: 'second' | 'enrol' }>;

/** Between signing in and everything else: who needs another factor shows it, or sets one up. */
export async function showFactor(visit: Visit, step: Due, { secondStep }: InteractionParts): Promise<void> {
  const occasion = occasionOf(visit, step.account);
  if (step.name === 'second') await showSecond(occasion, step.of, secondStep);
  else await showEnrolment(occasion, secondStep);
}

/** @returns where to: on, or `shown` when there is a page already */
export async function takeFactor(
  visit: Visit,
  step: Due,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<'next' | 'shown'> {
  const occasion = occasionOf(visit, step.account);
  const read = (name: string): string => fields.get(name)?.[0] ?? '';
  if (step.name === 'second')
    return keep(visit, await takeSecond(occasion, step.of, read, parts.secondStep), parts);
  const added = await takeEnrolment(occasion, read, parts.secondStep);
  if (added === 'shown') return 'shown';
  if (added === 'totp') await keep(visit, added, parts);
  await showPrintedCodes(occasion, occasion.action, parts.secondStep);
  return 'shown';
}

/** Signing in with a passkey alone: another page of the first step, where it may be ours. */
export function wantsPasskey({ ctx, fhirServer }: Visit, { providers }: InteractionParts): boolean {
  return ctx.query['way'] === 'passkey' && providers.takesPasswords(fhirServer.id);
}

export function showPasskey(visit: Visit, { secondStep }: InteractionParts): Promise<void> {
  return showPasskeySignIn({ ...placeOf(visit), step: 'login' }, secondStep);
}

export async function takePasskey(
  visit: Visit,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<'next' | 'shown'> {
  const read = (name: string): string => fields.get(name)?.[0] ?? '';
  const result = await takePasskeySignIn({ ...placeOf(visit), step: 'login' }, read, parts.secondStep);
  if (result === 'shown') return 'shown';
  await noteSignIn(visit, result.account, result.method, parts);
  return 'next';
}

async function keep(
  visit: Visit,
  method: Method | 'shown',
  parts: InteractionParts,
): Promise<'next' | 'shown'> {
  if (method === 'shown') return 'shown';
  const methods = [...(visit.progress.methods ?? []), method];
  await saveProgress(visit, { methods }, parts);
  return 'next';
}

function occasionOf(visit: Visit, account: Account): Occasion {
  return { ...placeOf(visit), account };
}

function placeOf(visit: Visit): Omit<Occasion, 'account'> {
  const { ctx, pending, reference } = visit;
  return {
    ...{ ctx, binding: pending.uid, out: { canCancel: true }, action: `/interaction/${pending.uid}` },
    form: (step) => formOf(visit, step),
    seen: { reference, address: ctx.ip, clientId: pending.clientId },
  };
}

import type { Account, Method, Second } from '../identity/index.ts';
import {
  showEnrolment,
  showPrintedCodes,
  showSecond,
  takeEnrolment,
  takeSecond,
  type Occasion,
} from '../second-step/index.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import type { Step } from './steps.ts';
import { saveProgress, type Visit } from './visit.ts';

type Due = Extract<Step, { readonly name: 'second' | 'enrol' }>;

/** Between signing in and everything else: who needs another factor shows it, or sets one up. */
export async function showFactor(visit: Visit, step: Due, { secondStep }: InteractionParts): Promise<void> {
  const occasion = occasionOf(visit, step.account);
  if (step.name === 'second') showSecond(occasion, step.of, secondStep);
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
  if (step.name === 'second') {
    const of: readonly Second[] = step.of;
    return keep(visit, await takeSecond(occasion, of, read, parts.secondStep), parts);
  }
  const outcome = await keep(visit, await takeEnrolment(occasion, read, parts.secondStep), parts);
  if (outcome === 'next') await showPrintedCodes(occasion, occasion.action, parts.secondStep);
  return 'shown';
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
  const { ctx, pending, reference } = visit;
  return {
    ...{ ctx, account, out: { canCancel: true } as const, action: `/interaction/${pending.uid}` },
    form: (step) => formOf(visit, step),
    seen: { reference, address: ctx.ip, clientId: pending.clientId },
  };
}

import type { Account } from '../identity/index.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import type { RefusalReason } from './steps.ts';
import type { Visit } from './visit.ts';

const REFUSALS: Readonly<Record<RefusalReason, { heading: string; message: string; advice: string }>> = {
  'other-user': {
    heading: 'This app was opened for somebody else',
    message: 'It was opened for another user of the health record system than the one signed in here.',
    advice: 'Sign in as that user, or open the app again from your own session.',
  },
  'other-patient': {
    heading: 'You cannot open this record here',
    message: 'The app was opened for a patient whose record is not yours.',
    advice: 'Open the app from your own record, or sign in with the right account.',
  },
  'unknown-patient': {
    heading: 'This record cannot be found',
    message: 'The record system that the app asks for does not know this patient.',
    advice: 'Check which patient is open, and open the app again; or ask the organisation.',
  },
  'nothing-to-offer': {
    heading: 'There is nothing you can share with this app',
    message: 'The app asks for data that your account cannot share.',
    advice: 'Go back to the app, or sign in with another account.',
  },
};

/** Says why it does not go on, on a page that leads back to the app or to another account; and records it. */
export async function showRefusal(
  visit: Visit,
  account: Account,
  reason: RefusalReason,
  { pages, audit }: InteractionParts,
): Promise<void> {
  const { ctx, reference, pending, fhirServer, launch } = visit;
  pages.error(ctx, {
    status: 403,
    ...REFUSALS[reason],
    code: 'access_denied',
    form: formOf(visit, 'refused'),
  });
  await audit.record({
    type: 'consent',
    outcome: 'refused',
    reason,
    reference,
    address: ctx.ip,
    clientId: pending.clientId,
    accountId: account.accountId,
    fhirServer: fhirServer.url,
    scope: pending.scope,
    ...(launch?.context.patient === undefined ? {} : { patient: launch.context.patient }),
  });
}

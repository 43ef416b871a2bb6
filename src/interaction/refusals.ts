import type { Account } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import type { Visit } from './visit.ts';

/** Why a person cannot go on, whatever they would choose. */
export type RefusalReason =
  | 'other-account'
  | 'other-user'
  | 'other-patient'
  | 'unknown-patient'
  | 'nothing-to-offer'
  | 'acts-for-nobody'
  | 'no-emergency';

/** Says why it does not go on, on a page that leads back to the app or to another account; and records it. */
export async function showRefusal(
  visit: Visit,
  account: Account,
  reason: RefusalReason,
  { pages, audit }: InteractionParts,
): Promise<void> {
  const { ctx, reference, pending, fhirServer, launch } = visit;
  const { say } = languageOf(ctx);
  pages.error(ctx, {
    status: 403,
    heading: say(`refusal.${reason}.heading`),
    message: say(`refusal.${reason}.message`),
    advice: say(`refusal.${reason}.advice`),
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

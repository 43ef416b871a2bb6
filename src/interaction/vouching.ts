import { randomBytes } from 'node:crypto';

import type { ClientRegistration } from '../clients/index.ts';
import type { Account } from '../identity/index.ts';
import { readVouch, vouchUrl } from '../launch/index.ts';
import type { InteractionParts } from './parts.ts';
import { unsigned } from './progress.ts';
import { saveProgress, type Visit } from './visit.ts';

const NONCE_BYTES = 24;
/** Asked for anew, or after being signed in for too long, a person proves who they are here. */
const ASKED_ANEW = new Set(['login_prompt', 'max_age']);

/** Where the EHR that announced the launch answers for who is signed in to it; last part of the path. */
export const VOUCH_PATH = 'ehr';

/**
 * May the EHR say who is at this browser? Once in an interaction, and only the one that announced the launch: the launch
 * value itself signs nobody in.
 */
export function mayVouch({ vouching, progress, pending }: Visit): boolean {
  return (
    vouching !== undefined &&
    progress.vouch === undefined &&
    !progress.switchAccount &&
    !pending.prompt.reasons.some((reason) => ASKED_ANEW.has(reason))
  );
}

/** Sends the browser to the EHR with a nonce that only this browser can bring back an answer to. */
export async function askEhr(visit: Visit, parts: InteractionParts): Promise<void> {
  const { ctx, pending, vouching } = visit;
  const nonce = randomBytes(NONCE_BYTES).toString('base64url');
  await saveProgress(visit, { vouch: { nonce, at: parts.clock() } }, parts);
  const { issuer } = parts.config;
  const returnTo = `${issuer}/interaction/${pending.uid}/${VOUCH_PATH}`;
  const asked = { issuer, nonce, launch: pending.launch ?? '', returnTo };
  ctx.redirect(vouchUrl(vouching?.sign_in_uri ?? '', asked));
  ctx.status = 303;
}

/** Takes the EHR's answer, once. Whatever it is, the person comes to the step that is due now: without one, to sign in. */
export async function takeVouch(visit: Visit, parts: InteractionParts): Promise<void> {
  const { ctx, pending, progress, vouching } = visit;
  if (progress.vouch?.nonce !== undefined && vouching) {
    // Forgotten before it is looked at: a second answer finds nothing.
    const asked = await saveProgress(visit, { vouch: { at: progress.vouch.at } }, parts);
    const result = await vouchedAccount(visit, vouching, progress.vouch as Asked, parts);
    await tell(visit, result, parts);
    if ('account' in result) {
      const { accountId } = result.account;
      const signedIn = { accountId, methods: ['vouched'], signedInAt: parts.clock() } as const;
      await saveProgress({ ...visit, progress: unsigned(asked) }, signedIn, parts);
    }
  }
  ctx.redirect(`/interaction/${pending.uid}`);
  ctx.status = 303;
}

interface Asked {
  readonly nonce: string;
  readonly at: number;
}
type Result = { readonly account: Account } | { readonly reason: string };

async function vouchedAccount(
  { ctx, pending }: Visit,
  ehr: ClientRegistration,
  asked: Asked,
  parts: InteractionParts,
): Promise<Result> {
  const assertion = [ctx.query['assertion']].flat()[0];
  if (assertion === undefined) return { reason: 'not-signed-in-there' };
  const payload = await parts.verifyUserAssertion(ehr, assertion);
  if (payload === undefined) return { reason: 'not-signed-by-the-ehr' };
  const vouched = readVouch(payload, {
    ...{ ehr: ehr.client_id, issuer: parts.config.issuer, launch: pending.launch ?? '', asked },
    now: parts.clock(),
  });
  if (!vouched.ok) return { reason: vouched.reason };
  const found = await parts.accounts.findByUsername(vouched.username);
  if (!found) return { reason: 'unknown-user' };
  if (found.disabled) return { reason: 'disabled' };
  // An EHR knows its staff. Nobody signs a patient in but they themselves.
  return found.role === 'practitioner' ? { account: found } : { reason: 'not-staff' };
}

async function tell(
  { ctx, pending, reference }: Visit,
  result: Result,
  { audit }: InteractionParts,
): Promise<void> {
  const seen = { reference, address: ctx.ip, clientId: pending.clientId, method: 'ehr' } as const;
  await audit.record(
    'account' in result
      ? { type: 'sign-in', outcome: 'success', accountId: result.account.accountId, ...seen }
      : { type: 'sign-in', outcome: 'refused', reason: result.reason, ...seen },
  );
}

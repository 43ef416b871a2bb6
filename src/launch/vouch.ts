import { z } from 'zod';

import type { ClientId, EpochSeconds, LaunchId } from '../oauth/index.ts';

/** No assertion about a user lives longer, and none is asked for longer. */
const MAX_LIFETIME_SECONDS = 60;
/** How long an EHR has for an answer; then people sign in themselves. */
const ANSWER_SECONDS = 300;
const SKEW_SECONDS = 10;

/** `typ` of an assertion about a user, so that no other one an EHR signs can be taken for it. */
export const VOUCH_TYPE = 'user-sign-in+jwt';

/** What an EHR was asked, in one browser and for one launch. */
export interface VouchAsked {
  /** Unguessable, and known to this browser alone. */
  readonly nonce: string;
  readonly at: EpochSeconds;
}

/** Where the browser goes: the EHR knows by its own session who is at it. */
export function vouchUrl(
  signInUri: string,
  asked: {
    readonly issuer: string;
    readonly nonce: string;
    readonly launch: LaunchId;
    readonly returnTo: string;
  },
): string {
  const url = new URL(signInUri);
  url.searchParams.set('iss', asked.issuer);
  url.searchParams.set('launch', asked.launch);
  url.searchParams.set('nonce', asked.nonce);
  url.searchParams.set('return_to', asked.returnTo);
  return url.href;
}

export type Vouched =
  { readonly ok: true; readonly username: string } | { readonly ok: false; readonly reason: VouchProblem };

export type VouchProblem =
  'malformed' | 'other-issuer' | 'other-audience' | 'other-browser' | 'other-launch' | 'stale';

const claims = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(200),
  aud: z.string(),
  nonce: z.string(),
  launch: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/** Does a verified assertion say who is at this browser, for this launch, now? Everything it says is looked at. */
export function readVouch(
  payload: unknown,
  expected: {
    readonly ehr: ClientId;
    readonly issuer: string;
    readonly launch: LaunchId;
    readonly asked: VouchAsked;
    readonly now: EpochSeconds;
  },
): Vouched {
  const no = (reason: VouchProblem): Vouched => ({ ok: false, reason });
  const parsed = claims.safeParse(payload);
  if (!parsed.success) return no('malformed');
  const { iss, sub, aud, nonce, launch, iat, exp } = parsed.data;
  const { ehr, issuer, asked, now } = expected;
  if (iss !== ehr) return no('other-issuer');
  if (aud !== issuer) return no('other-audience');
  if (nonce !== asked.nonce) return no('other-browser');
  if (launch !== expected.launch) return no('other-launch');
  const isFresh = iat <= now + SKEW_SECONDS && exp > now - SKEW_SECONDS && exp - iat <= MAX_LIFETIME_SECONDS;
  return isFresh && now - asked.at <= ANSWER_SECONDS ? { ok: true, username: sub } : no('stale');
}

import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';

import type { AccountId } from '../../oauth/index.ts';
import { CHALLENGE_SECONDS } from './challenges.ts';
import { siteOf, type PasskeyParts } from './new-passkey.ts';
import { isFramed, shownPasskey, type ShownPasskey } from './passkey-messages.ts';
import type { Passkey } from './record.ts';

/**
 * What a browser needs to ask for a passkey.
 *
 * @param binding the session or interaction of this browser; the answer has to come from it
 * @param accountId who is to show one of theirs; absent: whoever does, signs in
 */
export async function askForPasskey(parts: PasskeyParts, binding: string, accountId?: AccountId) {
  const passkeys = accountId === undefined ? [] : (await parts.factors.read(accountId)).passkeys;
  const options = await generateAuthenticationOptions({
    rpID: siteOf(parts.issuer),
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'required',
    allowCredentials: passkeys.map(({ id, transports }) => ({ id, transports: [...transports] })),
  });
  await parts.challenges.put(`get ${binding}`, options.challenge, CHALLENGE_SECONDS);
  return options;
}

export type TakenPasskey =
  | { readonly ok: true; readonly accountId: AccountId; readonly passkey: Passkey }
  | {
      readonly ok: false;
      /** `counter`: it counts backwards, so there may be a copy of it. */
      readonly reason: 'expired' | 'unknown' | 'refused' | 'counter';
      readonly accountId?: AccountId;
    };

/**
 * Whose passkey is it, and is it there now? The challenge is good once; so two answers to it are one sign-in (attack row A077).
 *
 * @param accountId who has to be its owner; absent: whoever its owner is
 */
export async function takePasskey(
  parts: PasskeyParts,
  { binding, response: sent, accountId }: { binding: string; response: unknown; accountId?: AccountId },
): Promise<TakenPasskey> {
  const challenge = await parts.challenges.take(`get ${binding}`);
  if (challenge === undefined) return { ok: false, reason: 'expired' };
  const parsed = shownPasskey.safeParse(sent);
  if (!parsed.success || isFramed(parsed.data.response.clientDataJSON))
    return { ok: false, reason: 'refused' };
  const owner = ownerOf(parsed.data, accountId);
  const known = owner === undefined ? undefined : await passkeyOf(parts, owner, parsed.data.id);
  if (owner === undefined || !known) return { ok: false, reason: 'unknown' };
  const counter = await counterOf(parts, parsed.data, known, challenge);
  if (counter === undefined) return { ok: false, reason: 'refused', accountId: owner };
  return countUp(parts, owner, known.id, counter);
}

/** Who the passkey says it belongs to; it has to be who is asked, where somebody is. */
function ownerOf({ response }: ShownPasskey, asked: AccountId | undefined): AccountId | undefined {
  const { userHandle } = response;
  const named = userHandle ? Buffer.from(userHandle, 'base64url').toString() : undefined;
  return named !== undefined && asked !== undefined && named !== asked ? undefined : (asked ?? named);
}

async function passkeyOf(parts: PasskeyParts, owner: AccountId, id: string): Promise<Passkey | undefined> {
  if (!ACCOUNT_ID.test(owner)) return undefined;
  return (await parts.factors.read(owner)).passkeys.find((one) => one.id === id);
}

/** Comes from outside, and becomes part of a key. */
const ACCOUNT_ID = /^[A-Za-z0-9_-]{1,64}$/;

async function counterOf(
  { issuer }: PasskeyParts,
  shown: ShownPasskey,
  { id, publicKey }: Passkey,
  expectedChallenge: string,
): Promise<number | undefined> {
  const { userHandle, ...signed } = shown.response;
  const response = {
    ...shown,
    response: { ...signed, ...(userHandle ? { userHandle } : {}) },
    clientExtensionResults: {},
  };
  const expected = { expectedChallenge, expectedOrigin: issuer, expectedRPID: siteOf(issuer) };
  // The counter is compared where it is written, in one step.
  const credential = { id, publicKey: Uint8Array.from(Buffer.from(publicKey, 'base64url')), counter: -1 };
  const result = await verifyAuthenticationResponse({
    ...{ response, ...expected, credential, requireUserVerification: true },
  }).catch(() => undefined);
  return result?.verified ? result.authenticationInfo.newCounter : undefined;
}

/** Authenticators that count, count up; those that do not say 0 for ever. */
function countUp(
  { factors, clock }: PasskeyParts,
  accountId: AccountId,
  id: string,
  counter: number,
): Promise<TakenPasskey> {
  return factors.change<TakenPasskey>(accountId, (current) => {
    const before = current.passkeys.find((one) => one.id === id);
    if (!before) return { result: { ok: false, reason: 'unknown' } };
    if ((counter > 0 || before.counter > 0) && counter <= before.counter)
      return { result: { ok: false, reason: 'counter', accountId } };
    const passkey = { ...before, counter, lastUsedAt: clock() };
    const passkeys = current.passkeys.map((one) => (one.id === id ? passkey : one));
    return { result: { ok: true, accountId, passkey }, factors: { ...current, passkeys } };
  });
}

import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';

import { algorithmsFor, isFips } from '../../algorithms/index.ts';
import type { AccountId, Clock } from '../../oauth/index.ts';
import { CHALLENGE_SECONDS, type ChallengeStore } from './challenges.ts';
import { createdPasskey, isFramed } from './passkey-messages.ts';
import type { FactorStore, Passkey } from './record.ts';

export interface PasskeyParts {
  readonly factors: FactorStore;
  readonly challenges: ChallengeStore;
  readonly clock: Clock;
  /** Ours, without a path: pages elsewhere cannot use the passkeys made here. */
  readonly issuer: string;
  /** As people read it. */
  readonly name: string;
}

interface Owner {
  readonly accountId: AccountId;
  readonly username: string;
  readonly name: string;
}

const MOST_PASSKEYS = 20;
export const MAX_PASSKEY_NAME = 60;

/**
 * What a browser needs to make a passkey for this person: one that is found without a user name, and that asks its owner
 * for a finger or a PIN, so that it can be the only factor.
 *
 * @param binding the session or interaction of this browser; the answer has to come from it
 */
export async function offerPasskey(parts: PasskeyParts, owner: Owner, binding: string) {
  const { passkeys } = await parts.factors.read(owner.accountId);
  const options = await generateRegistrationOptions({
    rpName: parts.name,
    rpID: siteOf(parts.issuer),
    userName: owner.username,
    userDisplayName: owner.name,
    userID: Uint8Array.from(Buffer.from(owner.accountId)),
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    excludeCredentials: passkeys.map(({ id, transports }) => ({ id, transports: [...transports] })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [...algorithmsFor(isFips()).passkeys],
  });
  await parts.challenges.put(`create ${binding}`, options.challenge, CHALLENGE_SECONDS);
  return options;
}

export type AddedPasskey =
  | { readonly ok: true; readonly passkey: Passkey }
  | { readonly ok: false; readonly reason: 'expired' | 'refused' | 'known' | 'too-many' };

/** Adds the passkey that the browser made, under a name of its owner's. */
export async function addPasskey(
  parts: PasskeyParts,
  { accountId }: Pick<Owner, 'accountId'>,
  {
    binding,
    response,
    name,
  }: { readonly binding: string; readonly response: unknown; readonly name: string },
): Promise<AddedPasskey> {
  const challenge = await parts.challenges.take(`create ${binding}`);
  if (challenge === undefined) return { ok: false, reason: 'expired' };
  const made = await verified(parts, response, challenge);
  if (!made) return { ok: false, reason: 'refused' };
  const passkey = { ...made, name: name.trim().slice(0, MAX_PASSKEY_NAME), addedAt: parts.clock() };
  return parts.factors.change<AddedPasskey>(accountId, (current) => {
    const { passkeys } = current;
    if (passkeys.some(({ id }) => id === passkey.id)) return { result: { ok: false, reason: 'known' } };
    if (passkeys.length >= MOST_PASSKEYS) return { result: { ok: false, reason: 'too-many' } };
    return { result: { ok: true, passkey }, factors: { ...current, passkeys: [...passkeys, passkey] } };
  });
}

async function verified(
  { issuer }: PasskeyParts,
  sent: unknown,
  expectedChallenge: string,
): Promise<Omit<Passkey, 'name' | 'addedAt'> | undefined> {
  const parsed = createdPasskey.safeParse(sent);
  if (!parsed.success || isFramed(parsed.data.response.clientDataJSON)) return undefined;
  const response = { ...parsed.data, clientExtensionResults: {} };
  const expected = { expectedChallenge, expectedOrigin: issuer, expectedRPID: siteOf(issuer) };
  // Whatever is wrong with it, in whatever words: it is no passkey of ours.
  const result = await verifyRegistrationResponse({
    ...{
      response,
      ...expected,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...algorithmsFor(isFips()).passkeys],
    },
  }).catch(() => undefined);
  if (!result?.verified) return undefined;
  const { credential, credentialDeviceType } = result.registrationInfo;
  return {
    id: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: parsed.data.response.transports,
    isSynced: credentialDeviceType === 'multiDevice',
  };
}

/** The host that passkeys belong to. */
export function siteOf(issuer: string): string {
  return new URL(issuer).hostname;
}

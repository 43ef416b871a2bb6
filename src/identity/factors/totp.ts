import { generateSecret, generateURI, verifySync } from 'otplib';
import { encode } from 'uqr';

import type { AccountId, Clock } from '../../oauth/index.ts';
import { without, type FactorStore, type Factors } from './record.ts';

/** What every app for codes expects: RFC 6238 with SHA-1, six digits. */
export const TOTP_STEP_SECONDS = 30;
const CODE = /^\d{6}$/;
const OFFER_SECONDS = 900;

export interface TotpOffer {
  /** To be typed by who cannot photograph. */
  readonly secret: string;
  readonly url: string;
  readonly qr: QrCode;
}

/** The address as an image: a square, and where it is dark, row by row. */
export interface QrCode {
  readonly size: number;
  /** From the left, from above, and how many squares to the right. */
  readonly runs: readonly (readonly [x: number, y: number, width: number])[];
}

export interface TotpParts {
  readonly factors: FactorStore;
  readonly clock: Clock;
}

/**
 * Offers a person a secret for their app; nothing is asked for until they have shown that they have it. The same one as
 * long as the offer stands: a page that is drawn anew does not spoil what was photographed.
 *
 * @param issuer what the app shows above the code
 */
export async function offerTotp(
  { factors, clock }: TotpParts,
  { accountId, username }: { readonly accountId: AccountId; readonly username: string },
  issuer: string,
): Promise<TotpOffer> {
  const fresh = generateSecret();
  const secret = await factors.change(accountId, (current) => {
    const { offeredTotp: offer } = current;
    if (offer && offer.expiresAt > clock()) return { result: offer.secret };
    const offeredTotp = { secret: fresh, expiresAt: clock() + OFFER_SECONDS };
    return { result: fresh, factors: { ...current, offeredTotp } };
  });
  const url = generateURI({ issuer, label: username, secret });
  return { secret, url, qr: qrOf(url) };
}

/** A border of four squares, without which cameras do not find it. */
const QUIET = 4;

function qrOf(url: string): QrCode {
  const { data, size } = encode(url, { border: QUIET });
  const runs = data.flatMap((row, y) => {
    const text = row.map((isDark) => (isDark ? '#' : ' ')).join('');
    return [...text.matchAll(/#+/g)].map(({ index, 0: run }) => [index, y, run.length] as const);
  });
  return { size, runs };
}

/** The code shows that they have the secret: from now on it counts, in the place of the one before. */
export function confirmTotp(
  { factors, clock }: TotpParts,
  accountId: AccountId,
  code: string,
): Promise<'confirmed' | 'wrong' | 'expired'> {
  return factors.change(accountId, (current) => {
    const { offeredTotp: offer } = current;
    if (!offer || offer.expiresAt <= clock()) return { result: 'expired' };
    const step = stepOf(code, offer.secret, clock());
    if (step === undefined) return { result: 'wrong' };
    const totp = { secret: offer.secret, addedAt: clock(), lastStep: step };
    return { result: 'confirmed', factors: { ...without(current, 'offeredTotp'), totp } };
  });
}

/**
 * Takes a code, once: of two that come with the same at the same time, on whatever nodes, one is right (attack row A076).
 * Guesses are counted by who asks, see attempt-factor.ts.
 */
export function takeTotp(
  { factors, clock }: TotpParts,
  accountId: AccountId,
  code: string,
): Promise<'right' | 'wrong' | 'used'> {
  return factors.change(accountId, (current) => {
    const { totp } = current;
    const step = totp && stepOf(code, totp.secret, clock());
    if (!totp || step === undefined) return { result: 'wrong' };
    if (step <= totp.lastStep) return { result: 'used' };
    return { result: 'right', factors: { ...current, totp: { ...totp, lastStep: step } } };
  });
}

/** Also what was offered. */
export function withoutTotp(factors: Factors): Factors {
  return without(without(factors, 'totp'), 'offeredTotp');
}

/** Which half minute the code is of; `undefined`: of none that is near. Clocks may be one step apart. */
function stepOf(code: string, secret: string, now: number): number | undefined {
  const token = code.replace(/\s/g, '');
  if (!CODE.test(token)) return undefined;
  const result = verifySync({ secret, token, epoch: now, epochTolerance: TOTP_STEP_SECONDS });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

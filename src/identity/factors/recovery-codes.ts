import { randomInt } from 'node:crypto';

import type { AccountId } from '../../oauth/index.ts';
import type { FactorStore, KeyedHash } from './record.ts';

/** Crockford's Base32: no letter looks like a digit, and none makes words. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const READ_AS: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };
/** Of 32 letters: 60 bits, too many to be guessed at a door that counts. */
const LENGTH = 12;
const GROUP = 4;
const RECOVERY_CODES = 10;

export interface RecoveryParts {
  readonly factors: FactorStore;
  readonly hash: KeyedHash;
}

/** Makes ten codes to be printed, and shown this once; those of before are no good any more. */
export async function issueRecoveryCodes(
  { factors, hash }: RecoveryParts,
  accountId: AccountId,
): Promise<readonly string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, newCode);
  const recoveryCodes = codes.map((code) => hashOf(hash, accountId, code));
  await factors.change(accountId, (current) => ({
    result: undefined,
    factors: { ...current, recoveryCodes },
  }));
  return codes;
}

/** Takes a code, once; `left` says how many remain. */
export function takeRecoveryCode(
  { factors, hash }: RecoveryParts,
  accountId: AccountId,
  code: string,
): Promise<{ readonly ok: boolean; readonly left: number }> {
  const taken = hashOf(hash, accountId, code);
  return factors.change(accountId, (current) => {
    const before = current.recoveryCodes ?? [];
    const recoveryCodes = before.filter((one) => one !== taken);
    const ok = recoveryCodes.length < before.length;
    const result = { ok, left: recoveryCodes.length };
    return ok ? { result, factors: { ...current, recoveryCodes } } : { result };
  });
}

function newCode(): string {
  const letters = Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length)));
  const groups = Array.from({ length: LENGTH / GROUP }, (_, at) =>
    letters.slice(at * GROUP, (at + 1) * GROUP).join(''),
  );
  return groups.join('-');
}

/** Of the code as it is meant: people leave out the lines between, and write letters for digits. */
function hashOf(hash: KeyedHash, accountId: AccountId, code: string): string {
  const meant = code
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .replace(/[oil]/g, (letter) => READ_AS[letter] ?? letter);
  return hash('recovery-code', `${accountId} ${meant}`);
}

import { randomInt } from 'node:crypto';

import type { Clock, EpochSeconds } from '../../oauth/index.ts';
import type { KeyedHash } from './record.ts';

/** A code that somebody was sent or told, as it is kept. */
export interface OneTimeCode {
  /** Keyed hash of the code. */
  readonly hash: string;
  readonly triesLeft: number;
  readonly expiresAt: EpochSeconds;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** Where codes are kept until they are used or old; `store/` implements it. */
export interface OneTimeCodeStore {
  put(name: string, code: OneTimeCode): Promise<void>;
  /** Changes a code in one step; `undefined`: there is none. */
  change<Result>(
    name: string,
    edit: (code: OneTimeCode | undefined) => {
      readonly result: Result;
      readonly code?: OneTimeCode | 'gone';
    },
  ): Promise<Result>;
}

export interface OneTimeParts {
  readonly codes: OneTimeCodeStore;
  readonly hash: KeyedHash;
  readonly clock: Clock;
}

const DIGITS = 8;
/** Five tries at eight digits: one in twenty million. */
const TRIES = 5;

/**
 * Makes a code for one purpose of one person; it takes the place of the one before.
 *
 * @param name what it is good for, and for whom: a code is of no use under another name
 */
export async function issueCode(
  { codes, hash, clock }: OneTimeParts,
  name: string,
  ttlSeconds: number,
): Promise<string> {
  const code = newCode();
  await codes.put(name, asKept({ hash, clock }, name, code, ttlSeconds));
  return code;
}

/**
 * As {@link issueCode} for nobody: what is there now costs as much to guess at, so that the time of a wrong guess does not say
 * whether somebody was sent a code. A code that is there stays.
 */
export function plantCode(
  { codes, hash, clock }: OneTimeParts,
  name: string,
  ttlSeconds: number,
): Promise<void> {
  const planted = asKept({ hash, clock }, name, newCode(), ttlSeconds);
  return codes.change(name, (kept) =>
    kept && kept.expiresAt > clock() ? { result: undefined } : { result: undefined, code: planted },
  );
}

function newCode(): string {
  return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
}

function asKept(
  { hash, clock }: Pick<OneTimeParts, 'hash' | 'clock'>,
  name: string,
  code: string,
  ttlSeconds: number,
): OneTimeCode {
  return {
    hash: hash('one-time', `${name} ${code}`),
    triesLeft: TRIES,
    expiresAt: clock() + ttlSeconds,
    madeAt: Date.now(),
  };
}

/** As {@link takeCode}, and a right one stays good. */
export function checkCode(parts: OneTimeParts, name: string, code: string): Promise<CodeSaid> {
  return tryCode(parts, name, code, {});
}

/** Takes a code, once; a wrong one costs a try. `gone`: there is none, it was used, is old, or was tried too often. */
export function takeCode(parts: OneTimeParts, name: string, code: string): Promise<CodeSaid> {
  return tryCode(parts, name, code, { code: 'gone' });
}

type CodeSaid = 'right' | 'wrong' | 'gone';

function tryCode(
  { codes, hash, clock }: OneTimeParts,
  name: string,
  code: string,
  whenRight: { readonly code?: 'gone' },
): Promise<CodeSaid> {
  const shown = hash('one-time', `${name} ${code.replace(/[\s-]/g, '')}`);
  return codes.change<CodeSaid>(name, (kept) => {
    if (!kept || kept.expiresAt <= clock() || kept.triesLeft <= 0) return { result: 'gone' };
    if (kept.hash === shown) return { result: 'right', ...whenRight };
    return { result: 'wrong', code: { ...kept, triesLeft: kept.triesLeft - 1 } };
  });
}

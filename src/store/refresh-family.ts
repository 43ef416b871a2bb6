import type { GrantId } from '../oauth/index.ts';
import type { Put } from './driver.ts';
import type { LeanRecord } from './grant-words.ts';
import { key } from './keys.ts';
import { SealBroken, derive, open, seal } from './sealing.ts';
import { readRefreshText } from './token-text.ts';
import type { Vault } from './vault.ts';

/**
 * All there is of a grant's refresh tokens: the one that is good, and which one it took the place of. Each refresh writes
 * it anew, so that a year of hourly refreshes leaves one record and no markers (C3).
 */
export interface RefreshFamily {
  /** Of the good one; the first has 0. */
  readonly generation: number;
  /** Keyed hash of the good one's text. */
  readonly current: string;
  /** Keyed hash of the one before it. */
  readonly previous?: string;
  /**
   * `true`: somebody has the answer to the last refresh for certain, and it is not taken back any more. Text: somebody is
   * about to be given it, and takes the mark back where that cannot be written for certain.
   */
  readonly told?: true | string;
  /** The token itself; it says what the grant does not. */
  readonly payload: LeanRecord;
}

/** A refresh token that a request was shown. */
export interface Rotation {
  readonly text: string;
  /** The family as it was read, to the byte: what the commit expects to find still. */
  readonly read: Uint8Array;
  /** The answer its first use was given. */
  readonly again?: string;
  used?: true;
}

/** How a refresh token that was shown stands to its family. */
type Standing = 'good' | 'repeatable' | 'replayed';

export function standingOf(
  family: RefreshFamily,
  hash: string,
  generation: number,
  hasAnswer: boolean,
): Standing {
  if (generation > family.generation || hash === family.current) return 'good';
  return hash === family.previous && hasAnswer ? 'repeatable' : 'replayed';
}

/** Does this say the same of the refresh tokens as that, whatever marks it carries? */
export function isSameFamily(vault: Vault, name: string, one: Uint8Array, other: Uint8Array): boolean {
  const [first, second] = [one, other].map((bytes) => vault.open<RefreshFamily>(name, bytes));
  return first?.generation === second?.generation && first?.current === second?.current;
}

/** What a refresh writes: the family with its new token, and its answer for whoever shows the old one again. */
export function familyPuts(
  vault: Vault,
  grantId: GrantId,
  next: { readonly text: string; readonly payload: LeanRecord; readonly ttlSeconds: number },
  rotation: Rotation | undefined,
  answer: { readonly text: string; readonly ttlSeconds: number } | undefined,
): Put[] {
  const hash = (text: string): string => vault.keys.keyedHash('token', text);
  const family: RefreshFamily = {
    generation: readRefreshText(vault.keys, next.text)?.generation ?? 0,
    current: hash(next.text),
    ...(rotation?.used ? { previous: hash(rotation.text) } : {}),
    payload: next.payload,
  };
  const puts = [vault.sealed(key.family(grantId), family, next.ttlSeconds)];
  if (!rotation?.used || !answer || answer.ttlSeconds === 0) return puts;
  const value = seal(answerKey(rotation.text), key.answer(grantId), Buffer.from(answer.text));
  return [...puts, { key: key.answer(grantId), value, ttlSeconds: answer.ttlSeconds }];
}

/**
 * The kept answer, when it is the one to this token, whose use made the family what it is: it is sealed under a key made from the token's own text, so that
 * nobody without that text can read it, the store secret in hand or not.
 */
export function openAnswer(name: string, sealed: Uint8Array | undefined, text: string): string | undefined {
  if (sealed === undefined) return undefined;
  try {
    return Buffer.from(open(answerKey(text), name, sealed)).toString('utf8');
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

function answerKey(text: string): Uint8Array {
  return derive(Buffer.from(text), 'seal');
}

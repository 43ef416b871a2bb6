import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { GrantId } from '../oauth/index.ts';
import { StoreUnavailable, type Commit, type CommitOutcome } from './driver.ts';
import { key } from './keys.ts';
import { isSameFamily, openAnswer, standingOf, type RefreshFamily } from './refresh-family.ts';
import { readRefreshText } from './token-text.ts';
import { commitAndSettle } from './unsettled.ts';
import type { Vault } from './vault.ts';

const TRIES = 12;
/** Of many who ask at once one writes that the answer was given; so often the others look whether it is certain. */
const LOOKS = 6;
const LOOK_AGAIN_MS = 15;
const MARK_BYTES = 9;

/** What a used refresh token that is shown again gets. */
export type Repeat =
  | { readonly kind: 'again'; readonly answer: string }
  /** It is older than the last one that was used, or its time to be repeated has passed. */
  | { readonly kind: 'replayed' }
  | { readonly kind: 'revoked' };

/**
 * Gives the answer to a refresh once more (C3). Before it leaves, the family is marked, which counts as any other write
 * does: so nobody takes back a refresh whose answer somebody has. A mark that cannot be written for certain is taken back
 * itself, since its answer leaves nobody's hands.
 *
 *     nothing ──▶ about to be told ──written for certain──▶ told
 *        ▲               │
 *        └──taken back───┘
 *
 * @throws StoreUnavailable when the store has forgotten the refresh meanwhile: then the token is good for another try
 */
export async function giveAgain(
  { vault, deadTtlSeconds }: { readonly vault: Vault; readonly deadTtlSeconds: number },
  grantId: GrantId,
  text: string,
): Promise<Repeat> {
  const { driver, keys } = vault;
  const names = [key.family(grantId), key.answer(grantId), key.dead(grantId)] as const;
  const generation = readRefreshText(keys, text)?.generation ?? 0;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [stored, sealedAnswer, dead] = await driver.getMany(names);
    if (dead !== undefined) return { kind: 'revoked' };
    const family = stored && vault.open<RefreshFamily>(names[0], stored);
    const hash = keys.keyedHash('token', text);
    const answer = family?.previous === hash ? openAnswer(names[1], sealedAnswer, text) : undefined;
    const standing = family && standingOf(family, hash, generation, answer !== undefined);
    if (!family || standing === 'good') throw forgotten();
    if (standing === 'replayed' || answer === undefined) return { kind: 'replayed' };
    if (family.told === true) {
      await driver.assure(names[2]);
      return { kind: 'again', answer };
    }
    if (family.told !== undefined && tries < LOOKS) {
      await delay(LOOK_AGAIN_MS);
      continue;
    }
    const outcome = await mark(vault, { name: names[0], deadKey: names[2], deadTtlSeconds }, family, stored);
    if (outcome === 'committed') return { kind: 'again', answer };
    if (outcome === 'revoked') return { kind: 'revoked' };
  }
  throw new StoreUnavailable('too many ask for the same at once', { isSettled: true });
}

interface Place {
  readonly name: string;
  readonly deadKey: string;
  readonly deadTtlSeconds: number;
}

async function mark(
  vault: Vault,
  place: Place,
  family: RefreshFamily,
  stored: Uint8Array,
): Promise<CommitOutcome> {
  const { name } = place;
  const about = marking(
    vault,
    place,
    { ...family, told: randomBytes(MARK_BYTES).toString('base64url') },
    stored,
  );
  const written = about.puts[0]?.value ?? stored;
  const outcome = await commitAndSettle(vault.driver, about, {
    before: [{ key: name, value: stored, ttlSeconds: secondsLeft(family) }],
    kept: [],
    isMarked: (found) => isSameFamily(vault, name, found, written),
  });
  if (outcome !== 'committed') return outcome;
  // Whoever comes later need not write; nothing is lost where this one is.
  const certain = { ...marking(vault, place, { ...family, told: true }, written), stays: true };
  void vault.driver.commit(certain).catch(() => undefined);
  return outcome;
}

/** Puts the family, with its mark, in the place of what was read. */
function marking(
  vault: Vault,
  { name, deadKey, deadTtlSeconds }: Place,
  family: RefreshFamily,
  before: Uint8Array,
): Commit {
  return {
    mode: 'issue',
    deadKey,
    deadTtlSeconds,
    expect: [{ key: name, value: before }],
    consume: [],
    puts: [vault.sealed(name, family, secondsLeft(family))],
    removes: [],
  };
}

/** How long the record of a family is kept still. */
export function secondsLeft({ payload }: RefreshFamily): number {
  return Math.max(1, (payload.exp ?? 0) - Math.floor(Date.now() / 1000));
}

function forgotten(): StoreUnavailable {
  return new StoreUnavailable('the store has forgotten what was written to it', { isSettled: true });
}

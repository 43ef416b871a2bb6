import type { GrantId } from '../oauth/index.ts';
import { StoreUnavailable } from './driver.ts';
import { key } from './keys.ts';
import { openAnswer, standingOf, type RefreshFamily } from './refresh-family.ts';
import { readRefreshText } from './token-text.ts';
import type { Vault } from './vault.ts';

/** Of many who ask at once one writes that the answer was given, and the next look tells the others. */
const TRIES = 10;

/** What a used refresh token that is shown again gets. */
export type Repeat =
  | { readonly kind: 'again'; readonly answer: string }
  /** It is older than the last one that was used, or its time to be repeated has passed. */
  | { readonly kind: 'replayed' }
  | { readonly kind: 'revoked' };

/**
 * Gives the answer to a refresh once more (C3). Before it leaves, the family says that it was given, which counts as any
 * other write does: so nobody takes back a refresh whose answer somebody has.
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
    if (family.told) {
      await driver.assure(names[2]);
      return { kind: 'again', answer };
    }
    const outcome = await driver.commit({
      mode: 'issue',
      deadKey: names[2],
      deadTtlSeconds,
      expect: { key: names[0], value: stored },
      consume: [],
      puts: [vault.sealed(names[0], { ...family, told: true }, secondsLeft(family))],
      removes: [],
      stays: true,
    });
    if (outcome === 'committed') return { kind: 'again', answer };
    if (outcome === 'revoked') return { kind: 'revoked' };
  }
  throw new StoreUnavailable('too many ask for the same at once', { isSettled: true });
}

/** How long the record of a family is kept still. */
export function secondsLeft({ payload }: RefreshFamily): number {
  return Math.max(1, (payload.exp ?? 0) - Math.floor(Date.now() / 1000));
}

function forgotten(): StoreUnavailable {
  return new StoreUnavailable('the store has forgotten what was written to it', { isSettled: true });
}

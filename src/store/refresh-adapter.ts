import type { Adapter } from 'oidc-provider';

import type { AdapterParts } from './adapter-parts.ts';
import { grantInHand, openGrant } from './grant-to-be.ts';
import { tokenOfRow, unsaid } from './grant-words.ts';
import { hasEnded } from './guard.ts';
import { key } from './keys.ts';
import { openAnswer, standingOf, type RefreshFamily } from './refresh-family.ts';
import { currentRequestScope, readOfGrant } from './request-scope.ts';
import { readRefreshText } from './token-text.ts';

/**
 * Refresh tokens for oidc-provider. One that was used already is found as long as its answer is kept, so that a client
 * whose answer got lost on the way is given the same one again; later it is found as consumed, and the provider ends the
 * grant. One that is newer than what we know was written to a store that has since lost it: it is good (C2.8).
 */
export function refreshTokenAdapter({
  vault,
  trust,
  words,
}: Pick<AdapterParts, 'vault' | 'trust' | 'words'>): Pick<
  Adapter,
  'find' | 'upsert' | 'consume' | 'destroy'
> {
  const { driver } = vault;
  return {
    async find(text) {
      const shown = readRefreshText(vault.keys, text);
      if (!shown) return undefined;
      const { grantId, generation } = shown;
      const names = [
        key.family(grantId),
        key.grant(grantId),
        key.dead(grantId),
        key.answer(grantId),
      ] as const;
      const [sealedFamily, grant, dead, answer] = await readOfGrant(driver, names);
      if (sealedFamily === undefined || dead !== undefined) return undefined;
      const family = vault.open<RefreshFamily>(names[0], sealedFamily);
      const scope = currentRequestScope();
      const grantPayload = grant && openGrant(vault, words, names[1], grant);
      // What it is good for went with the grant.
      if (family.payload.asGranted && !grantPayload) return undefined;
      const kept = grantPayload
        ? tokenOfRow(family.payload, words, { kind: 'RefreshToken', grantId, grant: grantPayload })
        : family.payload;
      if (hasEnded(grantPayload ?? kept, trust)) return undefined;
      if (scope && grantPayload) scope.grants.set(grantId, grantPayload);
      const hash = vault.keys.keyedHash('token', text);
      const isRepeat = scope?.purpose === 'token' && hash === family.previous;
      const again = isRepeat ? openAnswer(names[3], answer, text) : undefined;
      // It is written together with the family, and so is the one to this token.
      if (isRepeat && answer && again === undefined) throw vault.broken(names[3]);
      const standing = standingOf(family, hash, generation, again !== undefined);
      if (scope && scope.purpose !== 'introspection') {
        if (grant) scope.pending(grantId).grantRead = grant;
        scope.pending(grantId).rotation = {
          text,
          read: sealedFamily,
          ...(standing === 'repeatable' && again !== undefined ? { again } : {}),
        };
      }
      // The next one is counted from the one that was shown: after a repair that is ahead of what we knew.
      const payload = { ...kept, jti: text, rotations: generation };
      return standing === 'replayed' ? { ...payload, consumed: true } : payload;
    },
    async upsert(text, payload, expiresIn) {
      const shown = readRefreshText(vault.keys, text);
      if (!shown || expiresIn === undefined) throw new TypeError('not a RefreshToken');
      const scope = currentRequestScope();
      if (!scope) throw new TypeError('a RefreshToken is made within a request only');
      const { jti: _text, rotations: _rotations, ...record } = payload;
      const grant = grantInHand(shown.grantId);
      const row = grant ? unsaid(record, words.ofToken('RefreshToken', shown.grantId, grant)) : record;
      scope.pending(shown.grantId).next = { text, payload: row, ttlSeconds: expiresIn };
    },
    async consume(text) {
      const shown = readRefreshText(vault.keys, text);
      if (!shown) return;
      const rotation = currentRequestScope()?.pending(shown.grantId).rotation;
      if (!rotation) throw new TypeError('a RefreshToken is redeemed within a request only');
      rotation.used = true;
    },
    // The provider ends the whole grant with it.
    destroy: () => Promise.resolve(),
  };
}

import type { GrantId } from '../oauth/index.ts';
import type { Commit } from './driver.ts';
import { key } from './keys.ts';

/** What a grant's refresh tokens lie in. */
export function refreshRows(grantId: GrantId): string[] {
  return [key.family(grantId), key.answer(grantId)];
}

/** Ends a grant: a tombstone, and nothing of it is kept for as long as it could have lived. */
export function ending(grantId: GrantId, deadTtlSeconds: number, alsoRemoves: Iterable<string> = []): Commit {
  return {
    ...{ mode: 'revoke', deadKey: key.dead(grantId), deadTtlSeconds, consume: [], puts: [] },
    removes: [...alsoRemoves, key.grant(grantId), ...refreshRows(grantId)],
  };
}

import type { AccountId } from '../oauth/index.ts';
import type { SessionList } from './sessions.ts';

/**
 * Ends the sessions that somebody signed in to first, where they have more than so many (attack row A093). Of two who sign
 * in at once each sees the other, so that no more are left in the end.
 *
 * @param own the session that was begun just now: it stays
 * @param max 0: as many as they like
 * @returns how many were ended
 */
export async function endOldestSessions(
  sessions: Pick<SessionList, 'of' | 'end'>,
  accountId: AccountId,
  { own, max }: { readonly own: string; readonly max: number },
): Promise<number> {
  if (max === 0) return 0;
  const others = (await sessions.of(accountId)).filter(({ id }) => id !== own);
  const oldest = others
    .toSorted((one, other) => one.signedInAt - other.signedInAt)
    .slice(0, Math.max(0, others.length + 1 - max));
  const ended = await Promise.all(oldest.map(({ id }) => sessions.end(accountId, id)));
  return ended.filter(Boolean).length;
}

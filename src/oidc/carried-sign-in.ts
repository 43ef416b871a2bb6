import type { KoaContextWithOIDC, Session } from 'oidc-provider';

import { acrOf, acrToSay, methodsSaid } from '../identity/index.ts';
import type { UpstreamSession } from '../upstream/index.ts';

/** Until it is written: a session that its person has come to just now. */
export const JUST_BOUND = 'isJustBound';

/** A session hangs on the one elsewhere that its person came from, or on none. */
export function bindSession(session: Session, upstream: UpstreamSession | undefined): void {
  if (upstream) {
    session.upstream = upstream;
    Reflect.set(session, JUST_BOUND, true);
  } else if (session.upstream) Reflect.deleteProperty(session, 'upstream');
}

/** The same, for who has just signed in on the way to an app. */
export function bindToUpstream({ oidc }: KoaContextWithOIDC): void {
  const { session, result } = oidc;
  if (session && result?.login) bindSession(session, result.upstream);
}

/** The `amr` for an app: the words of the provider as far as they count, and what was shown here. */
export function amrOfSession({ amr, upstream }: Pick<Session, 'amr' | 'upstream'>): string[] | undefined {
  if (!upstream) return amr;
  const all = [...new Set([...(upstream.amr ?? []), ...(amr ?? [])])];
  return all.length === 0 ? undefined : all;
}

/**
 * The `acr` for an app: what it asked for, where what was shown includes it, else in the words of the provider, else in ours.
 *
 * @param asked `acr_values`
 */
export function acrOfSession(
  { amr, upstream }: Pick<Session, 'amr' | 'upstream'>,
  asked: readonly string[],
): string {
  const reached = acrOf(methodsSaid(amr));
  const said = acrToSay(reached, asked);
  const theirs = upstream?.acr;
  if (theirs === undefined || asked.includes(theirs)) return theirs ?? said;
  return asked.includes(said) ? said : theirs;
}

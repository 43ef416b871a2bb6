import { hash } from 'node:crypto';

import type { Clock } from '../oauth/index.ts';
import type { IntrospectionResult, Introspect } from './introspection.ts';
import type { Knowledge } from './knowledge.ts';
import type { TokenCache } from './token-cache.ts';

/** Whoever comes later than this asks anew: the answer may be from before a revocation. */
const JOIN_MS = 500;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export interface LookParts {
  readonly knowledge: Knowledge;
  readonly cache: TokenCache;
  readonly introspect: Introspect;
  readonly readJwt: Introspect;
  readonly clock: Clock;
}

/**
 * Looks a token up, at the nearest place that can tell. What is kept counts only while everything is known that ended until a
 * second ago; what ended while its token was asked about is asked again.
 */
export function createLook(parts: LookParts): Introspect {
  const { knowledge, cache, clock } = parts;
  const underway = new Map<
    string,
    { readonly result: Promise<IntrospectionResult>; readonly since: number }
  >();
  return (text) => {
    const name = hash('sha256', text, 'base64url');
    const kept = knowledge.isFresh() ? cache.get(name, clock()) : undefined;
    if (kept) return Promise.resolve({ kind: 'active', token: kept });
    const joined = underway.get(name);
    const now = performance.now();
    if (joined && now - joined.since < JOIN_MS) return joined.result;
    const flight = { result: lookFurther(parts, text, name), since: now };
    underway.set(name, flight);
    void flight.result.finally(() => {
      if (underway.get(name) === flight) underway.delete(name);
    });
    return flight.result;
  };
}

async function lookFurther(parts: LookParts, text: string, name: string): Promise<IntrospectionResult> {
  const local = JWT.test(text) && parts.knowledge.isFresh() ? await verified(parts, text, name) : undefined;
  if (local) return local;
  const first = await introspected(parts, text, name);
  return first ?? (await introspected(parts, text, name)) ?? CHANGING;
}

const CHANGING: IntrospectionResult = {
  kind: 'unavailable',
  detail: 'the token was revoked, or all was, while it was asked about, twice',
};

/**
 * By its signature, where the feed would have told us of its end: it was issued since we follow. `undefined`: it has to be
 * asked about.
 */
async function verified(
  { readJwt, knowledge, cache, clock }: LookParts,
  text: string,
  name: string,
): Promise<IntrospectionResult | undefined> {
  const result = await readJwt(text);
  if (result.kind === 'inactive') return result;
  if (result.kind === 'unavailable') return undefined;
  const { grantRef, iat } = result.token;
  if (grantRef === undefined || iat === undefined) return undefined;
  if (!knowledge.isFresh() || !knowledge.covers(grantRef, iat)) return undefined;
  cache.set(name, result.token, clock());
  return result;
}

/** `undefined`: something ended meanwhile, and the answer may be from before. */
async function introspected(
  { introspect, knowledge, cache, clock }: LookParts,
  text: string,
  name: string,
): Promise<IntrospectionResult | undefined> {
  const [asked, generation] = [performance.now(), knowledge.generation()];
  const result = await introspect(text);
  if (result.kind !== 'active' || !knowledge.isFresh()) return result;
  const { grantRef } = result.token;
  if (knowledge.generation() !== generation) return undefined;
  if (grantRef === undefined) return result;
  if (knowledge.endedSince(grantRef, asked)) return undefined;
  cache.set(name, result.token, clock());
  return result;
}

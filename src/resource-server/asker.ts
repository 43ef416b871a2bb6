import { PERMISSIONS, type FhirVersion, type Permission } from '../smart/index.ts';
import { filtersFor, isEverything, isReachable, levelOf, type Filter } from './filters.ts';
import type { DecideOptions } from './options.ts';
import type { Refused } from './refused.ts';
import type { TokenInfo } from './token.ts';

/** The token that asks, and what is known of the server it asks. */
export interface Asker {
  readonly token: TokenInfo;
  readonly fhirVersion: FhirVersion;
  readonly options: DecideOptions;
}

export function askerOf(token: TokenInfo, options: DecideOptions): Asker {
  return { token, fhirVersion: options.fhirVersion ?? '4.0.1', options };
}

export function open(
  { token, fhirVersion }: Asker,
  letter: Permission,
  resourceType: string,
): readonly Filter[] {
  return filtersFor(token, letter, resourceType, fhirVersion);
}

/** May it search every type there is, of everybody? Then there is nothing a search could give away. */
export function mayEverything(asker: Asker): boolean {
  return open(asker, 's', '*').some(isEverything);
}

/** May it see every resource of this type, by reading or by searching? */
export function maySeeAll(asker: Asker, resourceType: string): boolean {
  return (
    open(asker, 'r', resourceType).some(isEverything) || open(asker, 's', resourceType).some(isEverything)
  );
}

/**
 * The scope to ask for: `patient/Observation.rs`. Reading and searching are asked for together, as apps do. It is one
 * that would be enough: at `user/` for what no `patient/` scope reaches, or where the whole type is needed.
 */
export function scopeFor(
  { token, fhirVersion }: Asker,
  letters: readonly Permission[],
  resourceType: string,
  needs: 'part' | 'all' = 'part',
): string {
  const level = levelOf(token);
  const reached =
    needs === 'part' && letters.every((letter) => isReachable(letter, resourceType, fhirVersion));
  const asked = new Set(
    letters.flatMap((letter) => (letter === 'r' || letter === 's' ? ['r', 's'] : [letter])),
  );
  return `${level === 'patient' && !reached ? 'user' : level}/${resourceType}.${PERMISSIONS.filter((letter) => asked.has(letter)).join('')}`;
}

/** A 403 (RFC 6750 §3.1). `description` is for the app's developer and holds no patient. */
export function refuse(description: string, neededScope?: string): Refused {
  const needed = neededScope === undefined ? {} : { neededScope };
  return { allowed: false, status: 403, error: 'insufficient_scope', description, ...needed };
}

/** What an app sent, short enough for a sentence and without anything that could end it. */
export function quoted(text: string): string {
  return text.slice(0, 60).replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '');
}

import type { ResourceScope } from './scope.ts';

/**
 * The search parameters a scope may narrow by: coded values that a FHIR server can check on each resource by itself. A
 * scope with another one is not granted, since nobody could hold to it (SCO-12).
 */
export const ENFORCEABLE_PARAMETERS: ReadonlySet<string> = new Set([
  ...[
    '_id',
    '_security',
    '_tag',
    'category',
    'class',
    'clinical-status',
    'code',
    'intent',
    'status',
    'type',
    'verification-status',
  ],
]);

/** May every part of this scope be left to a FHIR server? */
export function isEnforceable({ constraints }: Pick<ResourceScope, 'constraints'>): boolean {
  return constraints.every(({ param }) => ENFORCEABLE_PARAMETERS.has(param));
}

import type { Scope } from './scope.ts';

/**
 * A scope of our own (SCO-23) that no request and no box gives: a grant holds it when a clinician has said why they need
 * restricted records of one patient now. A registration that holds it lets an app be used so.
 */
export const BREAK_GLASS = '__break-glass';

export function breakGlassScope(): Scope {
  return { kind: 'extension', text: BREAK_GLASS };
}

/** Does this grant open what is held back otherwise? */
export function breaksGlass(scope: string): boolean {
  return scope.split(' ').includes(BREAK_GLASS);
}

/** FHIR R4, v3 ActReason: why restricted records were opened. */
export const PURPOSE_BREAK_GLASS = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  code: 'BTG',
  display: 'break the glass',
} as const;

import type { Said } from './parties.ts';
import type { OutcomeCode, Shape } from './resource.ts';

const CODES: Readonly<Record<Said['outcome'], OutcomeCode>> = {
  success: '0',
  denied: '4',
  refused: '4',
  failure: '12',
};

/** @param refused how serious a refusal of this kind is */
export function outcomeOf(
  { outcome, reason }: Said,
  refused: OutcomeCode = CODES.refused,
): Pick<Shape, 'outcome' | 'outcomeDesc'> {
  return {
    outcome: outcome === 'refused' ? refused : CODES[outcome],
    outcomeDesc: reason ?? (outcome === 'success' ? undefined : outcome),
  };
}

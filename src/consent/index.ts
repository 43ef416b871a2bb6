/**
 * What a person is asked, in plain words. Owns the words and the grouping; does not decide what may be granted
 * (`smart/` does) and does not draw it (`interaction/` does).
 */
export {
  DURATIONS,
  durationsFor,
  endOf,
  type Duration,
  type DurationChoice,
  type DurationPolicy,
} from './duration.ts';
export {
  CONSENT_POLICIES,
  askedAgain,
  lastAbout,
  recall,
  withDecision,
  type ConsentMemory,
  type RememberedDecision,
} from './remembered.ts';
export { asLeft, leftAfter, type Left } from './as-left.ts';
export type { GrantSummary } from './grant-summary.ts';
export { typeInWords } from './words.ts';
export { describeOffer, wholeAndPart, type OfferGroup, type OfferedScope } from './offer.ts';

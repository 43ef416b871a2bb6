/**
 * Who may act for a patient who is somebody else: parents, guardians, holders of a health care power of attorney. Pure rules
 * over what a FHIR server says in RelatedPerson and Person, and a port to ask it. Knows neither HTTP nor the store. Asked by
 * the interaction, each time again, and at each refresh (attack row A095).
 */
export {
  DEFAULT_RELATIONSHIPS,
  LEGAL_BASES,
  LINK_ASSURANCES,
  type LegalBasis,
  type RelatedPersonRecord,
  type RepresentationRules,
  type RepresentedPatient,
} from './standing.ts';
export { standingsOf, type PersonRecord, type Relations, type Standing } from './standings.ts';

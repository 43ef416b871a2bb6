import { label, valueOf } from '../shared.js';

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const observation = (resource) =>
  `${resource.effectiveDateTime.slice(0, 10)}: ${label(resource)} ${valueOf(resource)}`;

/** Each section of the page with the one scope it needs, so that a person can share some and keep others. */
export const SECTIONS = [
  { selector: '#conditions', type: 'Condition', scope: 'patient/Condition.rs', describe: label },
  {
    selector: '#labs',
    type: 'Observation',
    filter: '&category=laboratory&_sort=-date',
    scope: `patient/Observation.rs?category=${CATEGORY}|laboratory`,
    describe: observation,
  },
  {
    selector: '#vitals',
    type: 'Observation',
    filter: '&category=vital-signs&_sort=-date',
    scope: `patient/Observation.rs?category=${CATEGORY}|vital-signs`,
    describe: observation,
  },
  {
    selector: '#allergies',
    type: 'AllergyIntolerance',
    scope: 'patient/AllergyIntolerance.rs',
    describe: label,
  },
  {
    selector: '#medications',
    type: 'MedicationRequest',
    scope: 'patient/MedicationRequest.rs',
    describe: (resource) => `${label(resource)}. ${resource.dosageInstruction?.[0]?.text ?? ''}`,
  },
];

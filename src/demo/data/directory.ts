import type { HumanName } from './fhir-elements.ts';
import type { Location, Organization, Patient, Practitioner, PractitionerRole } from './fhir.ts';
import { PATIENT_ROWS, PRACTITIONER_ROWS, type PatientRow } from './people-tables.ts';
import { META, concept, referenceTo } from './vocabulary.ts';

/** The root under which the demo hospital numbers its patients. */
const MRN_SYSTEM = 'urn:oid:2.16.840.1.113883.19.5';

const ADDRESS = { line: ['1 Mill Lane'], city: 'Bristol', postalCode: '90100', country: 'GB' };

export const ORGANIZATION: Organization = {
  resourceType: 'Organization',
  id: 'gatehouse-general',
  meta: META,
  active: true,
  name: 'Gatehouse General Hospital',
  telecom: [{ system: 'phone', value: '+44 1632 960000', use: 'work' }],
  address: [ADDRESS],
};

export const LOCATION: Location = {
  resourceType: 'Location',
  id: 'outpatients',
  meta: META,
  status: 'active',
  name: 'Outpatient clinic, ground floor',
  address: ADDRESS,
  managingOrganization: referenceTo(ORGANIZATION),
};

export const PRACTITIONERS: readonly Practitioner[] = PRACTITIONER_ROWS.map(
  ({ id, given, family }, index) => ({
    resourceType: 'Practitioner',
    id,
    meta: META,
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: `999999${1000 + index}` }],
    active: true,
    name: [{ use: 'official', text: `Dr ${given} ${family}`, family, given: [given], prefix: ['Dr'] }],
  }),
);

export const PRACTITIONER_ROLES: readonly PractitionerRole[] = PRACTITIONER_ROWS.map(({ id, specialty }) => ({
  resourceType: 'PractitionerRole',
  id: `${id}-role`,
  meta: META,
  practitioner: { reference: `Practitioner/${id}` },
  organization: referenceTo(ORGANIZATION),
  location: [referenceTo(LOCATION)],
  specialty: [concept('snomed', ...specialty)],
}));

export const PATIENTS: readonly Patient[] = PATIENT_ROWS.map((row, index) => ({
  resourceType: 'Patient',
  id: row.id,
  meta: META,
  identifier: [
    {
      type: concept('identifierType', 'MR', 'Medical record number'),
      system: MRN_SYSTEM,
      value: `MRN-${100_001 + index}`,
    },
  ],
  active: true,
  name: [nameOf(row)],
  telecom: [
    { system: 'phone', value: `+44 1632 9601${String(index).padStart(2, '0')}`, use: 'home' },
    { system: 'email', value: `${row.id}@example.org` },
  ],
  gender: row.gender,
  birthDate: row.birthDate,
  address: [
    {
      line: [`${3 + index * 7} Mill Lane`],
      city: row.city,
      postalCode: `90${100 + index}`,
      country: row.country,
    },
  ],
  generalPractitioner: [{ reference: `Practitioner/${practitionerIdFor(index)}` }],
}));

/** The Chinese write the family name first; the display text follows the person, not the form. */
function nameOf({ given, family, country }: PatientRow): HumanName {
  const parts = country === 'CN' ? [family, ...given] : [...given, family];
  return { use: 'official', text: parts.join(country === 'CN' ? '' : ' '), family, given };
}

/** Who looks after the patient of this row. */
export function practitionerIdFor(index: number): string {
  const row = PRACTITIONER_ROWS[index % PRACTITIONER_ROWS.length];
  if (!row) throw new TypeError('the demo needs a practitioner');
  return row.id;
}

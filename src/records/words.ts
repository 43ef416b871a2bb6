import { BREAK_GLASS, PURPOSE_BREAK_GLASS } from '../smart/index.ts';
import type { Decision } from './decision.ts';

/** Who keeps these records, and under which rules. */
export interface House {
  /** Our own address; identifiers of ours begin with it. */
  readonly issuer: string;
  /** The organisation, as people read it. */
  readonly name: string;
  /** The policy that people decide under; another address for another version. */
  readonly policyUri: string;
}

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

export const coded = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
});
export const termed = (system: string, code: string, display?: string) =>
  coded(`${TERMINOLOGY}/${system}`, code, display);

/** The organisation that runs this server. */
export const organizationOf = ({ issuer, name }: Pick<House, 'issuer' | 'name'>) => ({
  type: 'Organization',
  identifier: { system: 'urn:ietf:rfc:3986', value: issuer },
  display: name,
});

/** This server itself. */
export const serverOf = ({ issuer }: Pick<House, 'issuer'>) => ({
  type: 'Device',
  identifier: { system: 'urn:ietf:rfc:3986', value: issuer },
  display: 'Gatehouse authorization server',
});

/** What R4 lets perform a Consent and author a Provenance; a `Person` is neither. */
const REFERABLE = /^(Patient|Practitioner|PractitionerRole|RelatedPerson)\//;

/**
 * Who decided: as a resource of the FHIR server where it has one, and always as the account here. Who acts for a patient is
 * the RelatedPerson that says so.
 */
export function personOf({ person, actsAs, fhirServer }: Decision, { issuer }: House) {
  const { fhirUser = person.fhirUser } = actsAs ?? {};
  const { accountId, name } = person;
  return {
    ...(fhirUser !== undefined && REFERABLE.test(fhirUser)
      ? { reference: `${fhirServer.url}/${fhirUser}` }
      : {}),
    identifier: { system: `${issuer}/accounts`, value: accountId },
    display: name,
  };
}

/** A patient asks for themselves, or somebody for them; why a clinician uses an app, nobody has told us. */
export function purposeOf({ person, actsAs, kept }: Decision) {
  const system = `${TERMINOLOGY}/v3-ActReason`;
  if (kept.includes(BREAK_GLASS)) return [PURPOSE_BREAK_GLASS];
  if (actsAs) return [{ system, code: 'FAMRQT', display: 'family requested' }];
  return person.role === 'patient' ? [{ system, code: 'PATRQT', display: 'patient requested' }] : undefined;
}

/** Legal bases in HL7 v3 RoleCode. */
const BASIS_CODES = {
  parent: ['PRN', 'parent'],
  guardian: ['GUARD', 'guardian'],
  'power-of-attorney': ['HPOWATT', 'healthcare power of attorney'],
} as const satisfies Record<NonNullable<NonNullable<Decision['actsAs']>['basis']>, readonly [string, string]>;

/** By which right somebody decided for the patient. */
export function roleOf({ actsAs }: Decision) {
  if (actsAs?.basis === undefined) return undefined;
  const [code, display] = BASIS_CODES[actsAs.basis];
  return [termed('v3-RoleCode', code, display)];
}

/** The patient it is about, as a reference. */
export function patientReference({ patient, fhirServer }: Decision) {
  if (!patient) return undefined;
  return {
    reference: `${fhirServer.url}/Patient/${patient.id}`,
    ...(patient.name === undefined ? {} : { display: patient.name }),
  };
}

/** SMART's own form of a scope where a URI is needed. */
const SCOPE_URIS = 'http://smarthealthit.org/fhir/scopes/';

export const scopesAsExtensions = (scopes: readonly string[], { issuer }: House) =>
  scopes.map((scope) => ({
    url: `${issuer}/fhir/StructureDefinition/smart-scope`,
    valueUri: `${SCOPE_URIS}${scope}`,
  }));

/** The scopes that {@link scopesAsExtensions} wrote. */
export function scopesIn(
  extensions: readonly { readonly valueUri?: string | undefined }[] | undefined,
): string[] {
  return (extensions ?? []).flatMap(({ valueUri }) =>
    valueUri?.startsWith(SCOPE_URIS) ? [valueUri.slice(SCOPE_URIS.length)] : [],
  );
}
